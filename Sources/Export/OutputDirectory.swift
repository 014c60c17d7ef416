import AdaDimFiles
import AdaDimOutputs
import Foundation
import Glibc

/// The directory that a run leaves behind, whole or not at all: everything is written to a hidden sibling, which gets
/// the directory's name at the end. What is not committed is removed with the value; what a killed process leaves is
/// hidden, does not bear the name, and is removed by the next run for the same directory. One run at a time writes a
/// directory: see `OutputLock`.
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
    private let synchronizeFolder: FolderSynchronizer
    private let notice: (String) -> Void
    private let names: HiddenNames
    /// Until the directory has its name, or is given up; nil on a file system without locks, too.
    private var lock: OutputLock?
    private var isOpen = true

    /// Checks that `output` may be written and creates the hidden sibling.
    /// - Parameters:
    ///   - model: the directory that is read; `output` may not be it, hold it or lie inside it.
    ///   - report: name of the report that marks an earlier output of the same kind.
    ///   - overwrite: whether to replace `output` if it is an earlier output of this tool.
    ///   - synchronizer: brings the directory's and its parent's entries to the disk.
    ///   - notice: called, here and at the end, with what a user should know.
    package init(
        _ output: URL, model: URL, report: String = reportName, overwrite: Bool,
        synchronizer: FolderSynchronizer = .system, notice: @escaping (String) -> Void = { _ in }
    ) throws(ExportError) {
        let resolved = try ResolvedPath(output: output.path)
        try Self.check(resolved, output.path, against: model.path)
        try Self.checkReplaceable(resolved, report: report, overwrite: overwrite)
        do throws(OutputFailure) {
            names = try HiddenNames(of: resolved.name, in: resolved.parent)
            lock = try OutputLock.take(names.lock, for: output.path)
        } catch {
            throw .output(error)
        }
        // Another run may have finished since.
        try Self.checkReplaceable(try ResolvedPath(output: output.path), report: report, overwrite: overwrite)
        // Without locks nobody can tell who is alive.
        removedLeftovers =
            lock == nil
            ? [] : Self.remove(names.leftovers(.partial), sparing: ResolvedPath.resolve(model.path) ?? model.path)
        if lock == nil { notice(OutputLock.absence(output.path)) }
        for name in removedLeftovers { notice("removed \(name), which a killed run had left") }
        self.notice = notice
        self.report = report
        self.overwrite = overwrite
        synchronizeFolder = synchronizer
        url = URL(fileURLWithPath: resolved.path, isDirectory: true)
        partial = URL(fileURLWithPath: names.new(.partial), isDirectory: true)
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
            try Self.synchronize(partial.path + "/" + name)
        }
        try synchronize(folder: partial.path)
        let resolved = try ResolvedPath(output: url.path)
        // Things may have changed since the run began.
        let replaced = try Self.checkReplaceable(resolved, report: report, overwrite: overwrite)
        if resolved.exists {
            let aside = URL(fileURLWithPath: names.new(.old), isDirectory: true)
            try Self.move(url.path, to: aside.path)
            do {
                try Self.move(partial.path, to: url.path)
            } catch {
                try Self.move(aside.path, to: url.path)
                throw error
            }
            // One by one: what came in since the check stays, in the directory moved aside.
            for name in replaced?.files ?? [] { unlink((aside.path + "/" + name).systemBytes) }
            for name in replaced?.directories.reversed() ?? [] { rmdir((aside.path + "/" + name).systemBytes) }
            rmdir(aside.path.systemBytes)
        } else {
            try Self.move(partial.path, to: url.path)
        }
        isOpen = false
        lock = nil
        try synchronize(folder: resolved.parent)
    }

    /// Removes what was written. Does nothing after ``commit()``.
    package func discard() {
        guard isOpen else { return }
        isOpen = false
        removeTree(partial.path)
        lock = nil
    }

    // MARK: The file system

    /// Removes what dead runs have left, but for what is `model`.
    /// - Returns: the names of what was removed.
    private static func remove(_ leftovers: [String], sparing model: String) -> [String] {
        leftovers.filter { $0 != model && removeTree($0) }
            .map { URL(fileURLWithPath: $0).lastPathComponent }
    }

    /// Renames. The target must not exist: the system would refuse a full directory, but replace an empty one.
    private static func move(_ source: String, to target: String) throws(ExportError) {
        var status = stat()
        guard lstat(target.systemBytes, &status) != 0 else {
            throw .system(path: target, operation: "renaming \(source)", reason: "it exists")
        }
        guard rename(source.systemBytes, target.systemBytes) == 0 else { throw failure(target, "renaming \(source)") }
    }

    private func synchronize(folder path: String) throws(ExportError) {
        do throws(OutputFailure) {
            if let text = try synchronizeFolder(path) { notice(text) }
        } catch {
            throw .output(error)
        }
    }

    /// Brings a file's bytes to the disk.
    private static func synchronize(_ path: String) throws(ExportError) {
        let descriptor = open(path.systemBytes, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path, "opening") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure(path, "writing to the disk") }
    }

    static func failure(_ path: String, _ operation: String) -> ExportError {
        .system(path: path, operation: operation, reason: FileFailure.text(errno))
    }
}
