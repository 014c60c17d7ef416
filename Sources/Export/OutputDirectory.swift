import Foundation
import Glibc

/// The directory that a run leaves behind, whole or not at all: everything is written to a hidden sibling, which gets the
/// directory's name at the end. What is not committed is removed with the value; what a killed process leaves is hidden
/// and does not bear the name.
package final class OutputDirectory {
    /// A report of this name, whose `producer` begins with "adadim", marks a directory as ours to replace.
    package static let reportName = "quantization-report.json"
    package static let producerPrefix = "adadim"

    /// Where it will stand.
    package let url: URL
    /// Where to write until then.
    package let partial: URL
    private let overwrite: Bool
    private var isOpen = true

    /// Checks that `output` may be written and creates the hidden sibling.
    /// - Parameters:
    ///   - model: the directory that is read; `output` may not be it, hold it or lie inside it.
    ///   - overwrite: whether to replace `output` if it is an earlier output of this tool.
    package init(_ output: URL, model: URL, overwrite: Bool) throws(ExportError) {
        let resolved = try ResolvedPath(output: output.path)
        try Self.check(resolved, output.path, against: model.path)
        try Self.checkReplaceable(resolved, overwrite: overwrite)
        self.overwrite = overwrite
        url = URL(fileURLWithPath: resolved.path, isDirectory: true)
        partial = Self.sibling(of: resolved, kind: "partial")
        guard mkdir(partial.path, 0o777) == 0 else { throw Self.failure(partial.path, "creating the directory") }
    }

    deinit { discard() }

    /// Lends the hidden sibling to `body`, then gives the directory its name; where either throws, nothing is left.
    package func complete<Result>(_ body: (_ partial: URL) throws -> Result) throws -> Result {
        do {
            let result = try body(partial)
            try commit()
            return result
        } catch {
            discard()
            throw error
        }
    }

    /// Gives the directory its name. An earlier output is moved aside first, put back if that fails, and removed after.
    package func commit() throws(ExportError) {
        precondition(isOpen, "an output directory committed or discarded before")
        let resolved = try ResolvedPath(output: url.path)
        // Things may have changed since the run began.
        try Self.checkReplaceable(resolved, overwrite: overwrite)
        try Self.synchronize(partial.path)
        if resolved.exists {
            let aside = Self.sibling(of: resolved, kind: "old")
            try Self.move(url.path, to: aside.path)
            do {
                try Self.move(partial.path, to: url.path)
            } catch {
                try Self.move(aside.path, to: url.path)
                throw error
            }
            try? FileManager.default.removeItem(at: aside)
        } else {
            try Self.move(partial.path, to: url.path)
        }
        isOpen = false
        try Self.synchronize(resolved.parent)
    }

    /// Removes what was written. Does nothing after ``commit()``.
    package func discard() {
        guard isOpen else { return }
        isOpen = false
        try? FileManager.default.removeItem(at: partial)
    }

    // MARK: What may be written where

    private static func check(_ output: ResolvedPath, _ path: String, against model: String) throws(ExportError) {
        guard let model = ResolvedPath.resolve(model) else { throw failure(model, "finding the model's directory") }
        let (outputParts, modelParts) = (components(output.path), components(model))
        if outputParts == modelParts { throw .outputIsModel(output: path) }
        if outputParts.starts(with: modelParts) { throw .outputInsideModel(output: path, model: model) }
        if modelParts.starts(with: outputParts) { throw .outputHoldsModel(output: path, model: model) }
    }

    private static func components(_ path: String) -> [Substring] { path.split(separator: "/") }

    private static func checkReplaceable(_ output: ResolvedPath, overwrite: Bool) throws(ExportError) {
        guard output.exists else { return }
        guard overwrite else { throw .outputExists(output: output.path) }
        var status = stat()
        guard lstat(output.path, &status) == 0 else { throw failure(output.path, "looking at it") }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw .notOurs(output: output.path, reason: "it is not a directory")
        }
        let report = URL(fileURLWithPath: output.path).appendingPathComponent(reportName)
        guard let data = try? Data(contentsOf: report) else {
            throw .notOurs(output: output.path, reason: "it holds no \(reportName)")
        }
        struct Producer: Decodable { let producer: String }
        guard let producer = try? JSONDecoder().decode(Producer.self, from: data).producer,
            producer.hasPrefix(producerPrefix)
        else {
            throw .notOurs(
                output: output.path, reason: "the producer in its \(reportName) does not begin with \(producerPrefix)")
        }
    }

    // MARK: The file system

    private static func sibling(of output: ResolvedPath, kind: String) -> URL {
        let tag = String(UInt64.random(in: .min ... .max), radix: 36)
        return URL(fileURLWithPath: output.parent).appendingPathComponent(".\(output.name).\(kind)-\(tag)")
    }

    /// Renames. The target must not exist: the system would refuse a full directory, but replace an empty one.
    private static func move(_ source: String, to target: String) throws(ExportError) {
        var status = stat()
        guard lstat(target, &status) != 0 else {
            throw .system(path: target, operation: "renaming \(source)", reason: "it exists")
        }
        guard rename(source, target) == 0 else { throw failure(target, "renaming \(source)") }
    }

    /// Brings a directory's entries to the disk.
    private static func synchronize(_ path: String) throws(ExportError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path, "opening") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure(path, "writing to the disk") }
    }

    private static func failure(_ path: String, _ operation: String) -> ExportError {
        .system(path: path, operation: operation, reason: String(cString: strerror(errno)))
    }
}
