import AdaDimFiles
import Glibc

/// Writes a directory's entries to the disk. Some file systems cannot do that for directories, such as network file
/// systems and FUSE. The files are still correct, so that is no error. A failing disk is an error.
package struct FolderSynchronizer: Sendable {
    private let synchronize: @Sendable (_ descriptor: Int32, _ path: String) -> Int32

    /// - Parameter synchronize: writes an open directory with this path to the disk; returns 0, or the system's error
    ///   number.
    package init(_ synchronize: @escaping @Sendable (_ descriptor: Int32, _ path: String) -> Int32) {
        self.synchronize = synchronize
    }

    package static let system = FolderSynchronizer { descriptor, _ in fsync(descriptor) == 0 ? 0 : errno }

    /// How file systems say that they do not do this, or that they need not.
    private static let refusals: Set<Int32> = [
        EINVAL, EBADF, ENOTSUP, EOPNOTSUPP, ENOSYS, ENOTTY, EISDIR, EPERM, EACCES,
    ]

    /// - Returns: the system's words where the file system refuses, nil where it does it.
    package func callAsFunction(_ path: String) throws(OutputFailure) -> String? {
        let descriptor = open(path.systemBytes, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        // A directory that may be written and not read cannot be opened for this.
        guard descriptor >= 0 else {
            guard errno == EACCES || errno == EPERM else { throw .system(path, "opening") }
            return FileFailure.text(errno)
        }
        defer { close(descriptor) }
        var error = synchronize(descriptor, path)
        while error == EINTR { error = synchronize(descriptor, path) }
        if error == 0 { return nil }
        guard Self.refusals.contains(error) else {
            throw OutputFailure(FileFailure(path, "writing to the disk", code: error))
        }
        return FileFailure.text(error)
    }

    /// The notice about an output, some directory of which, or whose parent, could not be written to the disk.
    package static func notice(_ output: String, _ reason: String) -> String {
        "\(output): the file system does not write directories to the disk at once (\(reason)): if the machine loses power "
            + "within seconds, the output may be incomplete"
    }
}
