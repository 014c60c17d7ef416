import AdaDimExport
import AdaDimFiles
import AdaDimOutputs
import AdaDimSafetensors
import Glibc

/// The file that a quantized layer goes to, whole or not at all: it is written under a hidden name beside its own, which
/// it gets at the end. One run at a time writes a file: see `OutputLock`.
package struct LayerOutput: Sendable {
    /// As it was given.
    package let path: String
    private let resolved: ResolvedPath
    private let overwrite: Bool
    private let names: HiddenNames
    private let lock: OutputLock?
    private let synchronizeFolder: FolderSynchronizer
    private let notice: @Sendable (String) -> Void

    /// Checks that the file may be written, and keeps other runs from it; nothing else is created yet.
    /// - Parameters:
    ///   - input: the file that is read, which is never replaced.
    ///   - overwrite: whether to replace an earlier output of this tool.
    ///   - synchronizer: brings the new name to the disk.
    ///   - notice: called, here and at the end, with what a user should know.
    /// - Throws: ``ExportError``, ``LayerFileError``.
    package init(
        _ path: String, input: String, overwrite: Bool, synchronizer: FolderSynchronizer = .system,
        notice: @escaping @Sendable (String) -> Void = { _ in }
    ) throws {
        self.path = path
        self.overwrite = overwrite
        synchronizeFolder = synchronizer
        resolved = try ResolvedPath(output: path)
        if let identity = Self.identity(of: path), identity == Self.identity(of: input) {
            throw LayerFileError(file: path, .outputIsInput)
        }
        try Self.checkReplaceable(resolved.path, overwrite: overwrite)
        names = try HiddenNames(of: resolved.name, in: resolved.parent)
        lock = try OutputLock.take(names.lock, for: path)
        // Another run may have finished since.
        try Self.checkReplaceable(resolved.path, overwrite: overwrite)
        self.notice = notice
        guard lock != nil else {
            notice(OutputLock.absence(path))
            return
        }
        for leftover in names.leftovers(.partial) where unlink(leftover.systemBytes) == 0 {
            notice("removed \(leftover.split(separator: "/").last ?? ""), which a killed run had left")
        }
    }

    /// Lends `body` the hidden name, which it must write a file under, then gives that file its own; where either
    /// throws, nothing is left.
    package func complete(_ body: (_ partial: String) throws -> Void) throws {
        let partial = names.new(.partial)
        do {
            try body(partial)
            // Things may have changed since the run began.
            try Self.checkReplaceable(resolved.path, overwrite: overwrite)
            guard rename(partial.systemBytes, resolved.path.systemBytes) == 0 else {
                throw Self.failure(resolved.path, "renaming \(partial)")
            }
        } catch {
            unlink(partial.systemBytes)
            throw error
        }
        if let text = try synchronizeFolder(resolved.parent) { notice(text) }
    }

    /// Throws unless nothing stands at the path, or an earlier output, which may be replaced.
    private static func checkReplaceable(_ path: String, overwrite: Bool) throws(ExportError) {
        var status = stat()
        guard lstat(path.systemBytes, &status) == 0 else { return }
        guard overwrite else { throw .outputExists(output: path) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notOurs(output: path, reason: "it is not a file") }
        let found: SafetensorsFile
        do {
            found = try SafetensorsFile(path: path)
        } catch {
            throw .notOurs(output: path, reason: "\(error.problem)")
        }
        guard found.metadata["format"] == QuantizedLayerFile.format else {
            throw .notOurs(output: path, reason: "format in its __metadata__ is not \(QuantizedLayerFile.format)")
        }
    }

    /// What tells whether two names mean one file, hard links too.
    private static func identity(of path: String) -> [UInt64]? {
        var status = stat()
        return stat(path.systemBytes, &status) == 0 ? [UInt64(status.st_dev), UInt64(status.st_ino)] : nil
    }

    private static func failure(_ path: String, _ operation: String) -> ExportError {
        .system(path: path, operation: operation, reason: FileFailure.text(errno))
    }
}
