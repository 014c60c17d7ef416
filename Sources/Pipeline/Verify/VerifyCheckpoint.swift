import AdaDimCheckpoint
import AdaDimFormats
import AdaDimLinearAlgebra
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

/// The numbers of a model as this program reads them.
struct ReadNumbers {
    /// By this project's names; a packed layer L is L.weight.
    let names: Set<String>
    private let checkpoint: Checkpoint
    private let projectNames: [String: String]
    /// The linear layers by the names of their weights.
    private let layers: [String: LinearLayer]

    init(_ checkpoint: Checkpoint) throws {
        self.checkpoint = checkpoint
        var project: [String: String] = [:]
        var parts: Set<String> = []
        var layers: [String: LinearLayer] = [:]
        for layer in checkpoint.configuration.layers + checkpoint.packedTables {
            let name = checkpoint.weightName(of: layer)
            let tensors = checkpoint.tensors(holding: name)
            guard tensors.allSatisfy(checkpoint.contains) else { continue }
            project[checkpoint.naming.stored(name)] = name
            layers[name] = layer
            if tensors != [name] { parts.formUnion(tensors.map(checkpoint.naming.stored)) }
        }
        projectNames = project
        self.layers = layers
        names = Set(checkpoint.tensorNames.filter { !parts.contains($0) }.map { project[$0] ?? $0 }).union(
            project.values)
    }

    /// This project's name for what has a name in the files.
    func name(_ stored: String) -> String { projectNames[stored] ?? stored }

    /// A tensor as it is read.
    struct Tensor {
        let shape: [Int]
        /// What its numbers are rounded to; nil for one that holds no floats.
        let type: NumberType?
        /// Its rows, for panels of them.
        let panels: (_ rows: Range<Int>) throws -> [Float]
    }

    func tensor(_ name: String) throws -> Tensor {
        if let layer = layers[name], let (weight, type) = try checkpoint.loaded(layer) {
            return Tensor(
                shape: [weight.rows, weight.columns], type: NumberType(rawValue: type.elementType.rawValue),
                panels: { rows in rows.flatMap { row in (0..<weight.columns).map { weight[row, $0] } } })
        }
        let entry = try checkpoint.location(of: name).entry
        let type = NumberType(rawValue: entry.elementType.rawValue)
        let checkpoint = checkpoint
        switch entry.shape.count {
        case 2:
            return Tensor(
                shape: entry.shape, type: type,
                panels: { try checkpoint.rowPanel(of: name, rows: $0).columnMajorElements })
        case 1:
            let count = entry.shape[0]
            return Tensor(shape: entry.shape, type: type, panels: { _ in try checkpoint.vector(name, count: count) })
        default: return Tensor(shape: entry.shape, type: type, panels: { _ in [] })
        }
    }
}
