import AdaDimFiles
import Foundation
import Glibc

/// The directory that a run leaves behind, whole or not at all: everything is written to a hidden sibling, which gets
/// the directory's name at the end. What is not committed is removed with the value; what a killed process leaves is
/// hidden, does not bear the name, and is removed by the next run for the same directory.
package final class OutputDirectory {
    /// In a quantized model, a report of this name, whose `producer` begins with "adadim" and whose `files` name everything
    /// in the directory, marks it as ours to replace.
    package static let reportName = "quantization-report.json"
    package static let producerPrefix = "adadim"

    /// Where it will stand.
    package let url: URL
    /// The directory that will hold it.
    package var parent: String { url.deletingLastPathComponent().path }
    /// Where to write until then.
    package let partial: URL
    /// Names of hidden siblings that killed runs left, removed by this one.
    package let removedLeftovers: [String]
    /// What an earlier output must hold to be replaced.
    private let report: String
    private let overwrite: Bool
    private var isOpen = true

    /// Checks that `output` may be written and creates the hidden sibling.
    /// - Parameters:
    ///   - model: the directory that is read; `output` may not be it, hold it or lie inside it.
    ///   - report: name of the report that marks an earlier output of the same kind.
    ///   - overwrite: whether to replace `output` if it is an earlier output of this tool.
    package init(
        _ output: URL, model: URL, report: String = reportName, overwrite: Bool
    ) throws(ExportError) {
        let resolved = try ResolvedPath(output: output.path)
        try Self.check(resolved, output.path, against: model.path)
        try Self.checkReplaceable(resolved, report: report, overwrite: overwrite)
        removedLeftovers = Self.removeLeftovers(of: resolved, sparing: ResolvedPath.resolve(model.path) ?? model.path)
        self.report = report
        self.overwrite = overwrite
        url = URL(fileURLWithPath: resolved.path, isDirectory: true)
        partial = Self.sibling(of: resolved, kind: "partial")
        guard mkdir(partial.path.systemBytes, 0o777) == 0 else {
            throw Self.failure(partial.path, "creating the directory")
        }
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

    /// Gives the directory its name, once its files are on the disk. An earlier output is moved aside first, put back
    /// if that fails, and its files removed after.
    package func commit() throws(ExportError) {
        precondition(isOpen, "an output directory committed or discarded before")
        let written = try Self.tree(partial.path)
        for name in written.files + written.directories.reversed() {
            try Self.synchronize(partial.appendingPathComponent(name).path)
        }
        try Self.synchronize(partial.path)
        let resolved = try ResolvedPath(output: url.path)
        // Things may have changed since the run began.
        let replaced = try Self.checkReplaceable(resolved, report: report, overwrite: overwrite)
        if resolved.exists {
            let aside = Self.sibling(of: resolved, kind: "old")
            try Self.move(url.path, to: aside.path)
            do {
                try Self.move(partial.path, to: url.path)
            } catch {
                try Self.move(aside.path, to: url.path)
                throw error
            }
            // One by one: what came in since the check stays, in the directory moved aside.
            for name in replaced?.files ?? [] { unlink(aside.appendingPathComponent(name).path.systemBytes) }
            for name in replaced?.directories.reversed() ?? [] {
                rmdir(aside.appendingPathComponent(name).path.systemBytes)
            }
            rmdir(aside.path.systemBytes)
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
        removeTree(partial.path)
    }

    // MARK: The file system

    /// A hidden name beside `output`, with this process's number, by which ``removeLeftovers(of:sparing:)`` knows the
    /// dead.
    private static func sibling(of output: ResolvedPath, kind: String) -> URL {
        let tag = String(UInt64.random(in: .min ... .max), radix: 36)
        return URL(fileURLWithPath: output.parent)
            .appendingPathComponent(".\(output.name).\(kind)-\(getpid())-\(tag)")
    }

    /// Removes the partial directories for `output` whose processes no longer exist, but for the one that is `model`.
    /// - Returns: their names.
    private static func removeLeftovers(of output: ResolvedPath, sparing model: String) -> [String] {
        let parent = URL(fileURLWithPath: output.parent)
        let prefix = ".\(output.name).partial-"
        // A parent that cannot be listed is left as it is: this run does not need what it would find there.
        let names = (try? AdaDimFiles.names(inDirectory: parent.path)) ?? []
        return names.sorted().filter { name in
            let path = parent.appendingPathComponent(name).path
            let parts = name.dropFirst(prefix.count).split(separator: "-", omittingEmptySubsequences: false)
            guard name.hasPrefix(prefix), parts.count == 2, let process = pid_t(parts[0]), process > 0,
                UInt64(parts[1], radix: 36) != nil, kill(process, 0) != 0, errno == ESRCH, path != model
            else { return false }
            return removeTree(path)
        }
    }

    /// Renames. The target must not exist: the system would refuse a full directory, but replace an empty one.
    private static func move(_ source: String, to target: String) throws(ExportError) {
        var status = stat()
        guard lstat(target.systemBytes, &status) != 0 else {
            throw .system(path: target, operation: "renaming \(source)", reason: "it exists")
        }
        guard rename(source.systemBytes, target.systemBytes) == 0 else { throw failure(target, "renaming \(source)") }
    }

    /// Brings a file's bytes or a directory's entries to the disk.
    private static func synchronize(_ path: String) throws(ExportError) {
        let descriptor = open(path.systemBytes, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path, "opening") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure(path, "writing to the disk") }
    }

    static func failure(_ path: String, _ operation: String) -> ExportError {
        .system(path: path, operation: operation, reason: String(cString: strerror(errno)))
    }
}
