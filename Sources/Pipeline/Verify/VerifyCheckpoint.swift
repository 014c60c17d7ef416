import AdaDimCheckpoint
import AdaDimVerification
import Foundation
import Logging

/// Reads a model's files by a second path, which shares no code with this program's readers and writers, and compares every
/// number with what those readers give; with another model's numbers, too, if there is one.
package struct VerifyCheckpoint {
    private let directory: URL
    private let against: URL?
    private let observer: RunObserver
    private let log: Logger

    package init(
        _ directory: URL, against: URL? = nil, observer: RunObserver = RunObserver(),
        log: Logger = Logger(label: "adadim")
    ) {
        self.directory = directory
        self.against = against
        self.observer = observer
        self.log = log
    }

    /// - Throws: what makes files unreadable by either path; numbers that differ are in the result.
    package func run() throws -> VerificationResult {
        let checkpoint = try Checkpoint(directory: directory, allowingQuantized: true, log: log)
        let other = try against.map { try ReadNumbers(Checkpoint(directory: $0, allowingQuantized: true)) }
        let read = try ReadNumbers(checkpoint)
        let unpacker = try ModelFiles(directory: directory.path).unpacker()
        var result = VerificationResult(format: unpacker.format, comparesOther: other != nil)
        let found = Dictionary(unpacker.tensors.map { (read.name($0), $0) }) { first, _ in first }
        for name in Set(found.keys).union(read.names).union(other?.names ?? []).sorted() {
            try observer.checkCancellation()
            guard let stored = found[name], read.names.contains(name), other?.names.contains(name) ?? true else {
                let missing = [
                    found[name] == nil ? "by the second path" : nil, read.names.contains(name) ? nil : "by the reader",
                    other?.names.contains(name) ?? true ? nil : "in the other model",
                ]
                result.missing.append("\(name): not found \(missing.compactMap { $0 }.joined(separator: " and "))")
                continue
            }
            let description = try unpacker.description(of: stored)
            guard description.type != nil else { continue }
            try result.compare(name, description, read, other) { try unpacker.values(of: stored, rows: $0) }
            checkpoint.release([name])
        }
        return result
    }
}
