import AdaDimFiles
import AdaDimOutputs
import AdaDimSafetensors
import Glibc

/// The file of a quantized layer, written completely or not at all: it has a hidden name in the same directory until it
/// is complete. One run at a time writes a file: see `OutputLock`.
package struct LayerOutput: Sendable {
    /// As it was given.
    package let path: String
    /// The directory that will contain it.
    package var parent: String { resolved.parent }
    private let resolved: ResolvedPath
    private let overwrite: Bool
    private let names: HiddenNames
    private let lock: OutputLock?
    private let synchronizeFolder: FolderSynchronizer
    private let notice: @Sendable (String) -> Void

    /// Checks that the file may be written, and locks it; nothing else is created yet.
    /// - Parameters:
    ///   - input: the file that is read, which is never replaced.
    ///   - overwrite: whether to replace an earlier output of this tool.
    ///   - synchronizer: writes the new name to the disk.
    ///   - notice: called, here and at the end, with messages for the user.
    /// - Throws: ``OutputFailure``, ``LayerFileError``.
    package init(
        _ path: String, input: String, overwrite: Bool, synchronizer: FolderSynchronizer = .system,
        notice: @escaping @Sendable (String) -> Void = { _ in }
    ) throws {
        self.path = path
        self.overwrite = overwrite
        synchronizeFolder = synchronizer
        resolved = try ResolvedPath(output: path)
        // Hard links, too.
        if let output = try? FileStatus(path), output.identity == (try? FileStatus(input))?.identity {
            throw LayerFileError(file: path, .outputIsInput)
        }
        if isMountPoint(resolved.path) { throw OutputFailure.mountPoint(output: path) }
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
            notice(LeftoverNotice.removed(leftover))
        }
    }

    /// Calls `body` with the hidden name, under which it must write a file, then renames that file; if either throws,
    /// nothing is left.
    package func complete(_ body: (_ partial: String) throws -> Void) throws {
        let partial = names.new(.partial)
        do {
            try body(partial)
            // Things may have changed since the run began.
            try Self.checkReplaceable(resolved.path, overwrite: overwrite)
            guard rename(partial.systemBytes, resolved.path.systemBytes) == 0 else {
                throw OutputFailure(FileFailure(resolved.path, "renaming \(partial)"))
            }
        } catch {
            unlink(partial.systemBytes)
            throw error
        }
        do throws(OutputFailure) {
            guard let refusal = try synchronizeFolder(resolved.parent) else { return }
            notice(FolderSynchronizer.notice(path, refusal))
        } catch {
            throw OutputFailure.writtenButNotSafe(output: path, reason: "\(error)")
        }
    }

    /// Throws unless nothing has the name, or an earlier output, which may be replaced.
    private static func checkReplaceable(_ path: String, overwrite: Bool) throws(OutputFailure) {
        guard let kind = FileStatus.kind(of: path, followingLinks: false) else { return }
        guard overwrite else { throw .exists(output: path) }
        guard kind == .file else { throw .notOurs(output: path, reason: "it is not a file") }
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
}
