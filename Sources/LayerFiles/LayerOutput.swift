import AdaDimExport
import AdaDimFiles
import AdaDimSafetensors
import Glibc

/// The file that a quantized layer goes to, whole or not at all: it is written under a hidden name beside its own, which
/// it gets at the end.
package struct LayerOutput: Sendable {
    /// As it was given.
    package let path: String
    private let resolved: ResolvedPath
    private let overwrite: Bool

    /// Checks that the file may be written; nothing is created yet.
    /// - Parameters:
    ///   - input: the file that is read, which is never replaced.
    ///   - overwrite: whether to replace an earlier output of this tool.
    /// - Throws: ``ExportError``, ``LayerFileError``.
    package init(_ path: String, input: String, overwrite: Bool) throws {
        self.path = path
        self.overwrite = overwrite
        resolved = try ResolvedPath(output: path)
        if let identity = Self.identity(of: path), identity == Self.identity(of: input) {
            throw LayerFileError(file: path, .outputIsInput)
        }
        try checkReplaceable()
    }

    /// Lends `body` the hidden name, which it must write a file under, then gives that file its own; where either
    /// throws, nothing is left.
    package func complete(_ body: (_ partial: String) throws -> Void) throws {
        let tag = String(UInt64.random(in: .min ... .max), radix: 36)
        let partial = "\(resolved.parent)/.\(resolved.name).partial-\(getpid())-\(tag)"
        do {
            try body(partial)
            // Things may have changed since the run began.
            try checkReplaceable()
            guard rename(partial.systemBytes, resolved.path.systemBytes) == 0 else {
                throw Self.failure(resolved.path, "renaming \(partial)")
            }
        } catch {
            unlink(partial.systemBytes)
            throw error
        }
        try synchronizeParent()
    }

    /// Throws unless nothing stands at the path, or an earlier output, which may be replaced.
    private func checkReplaceable() throws(ExportError) {
        let path = resolved.path
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

    /// Brings the new name to the disk.
    private func synchronizeParent() throws(ExportError) {
        let descriptor = open(resolved.parent.systemBytes, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure(resolved.parent, "opening") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw Self.failure(resolved.parent, "writing to the disk") }
    }

    private static func failure(_ path: String, _ operation: String) -> ExportError {
        .system(path: path, operation: operation, reason: String(cString: strerror(errno)))
    }
}
