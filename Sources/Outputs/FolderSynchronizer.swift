import AdaDimFiles
import Glibc

/// Brings a directory's entries to the disk. Some file systems do not do that for directories, network file systems and FUSE
/// among them; nothing is wrong with the files then, so it is no error. A disk that fails is one.
package struct FolderSynchronizer: Sendable {
    private let synchronize: @Sendable (Int32) -> Int32

    /// - Parameter synchronize: brings an open directory to the disk; returns 0, or the system's number of what went wrong.
    package init(_ synchronize: @escaping @Sendable (Int32) -> Int32) { self.synchronize = synchronize }

    package static let system = FolderSynchronizer { fsync($0) == 0 ? 0 : errno }

    /// How file systems say that they do not do this, or that they need not.
    private static let refusals: Set<Int32> = [
        EINVAL, EBADF, ENOTSUP, EOPNOTSUPP, ENOSYS, ENOTTY, EISDIR, EPERM, EACCES,
    ]

    /// - Returns: what is to be said where the file system refuses, nil where it does it.
    package func callAsFunction(_ path: String) throws(OutputFailure) -> String? {
        let descriptor = open(path.systemBytes, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        // A directory that may be written and not read cannot be opened for this.
        guard descriptor >= 0 else {
            guard errno == EACCES || errno == EPERM else { throw .system(path, "opening") }
            return Self.notice(path, errno)
        }
        defer { close(descriptor) }
        var error = synchronize(descriptor)
        while error == EINTR { error = synchronize(descriptor) }
        if error == 0 { return nil }
        guard Self.refusals.contains(error) else {
            errno = error
            throw .system(path, "writing to the disk")
        }
        return Self.notice(path, error)
    }

    private static func notice(_ path: String, _ error: Int32) -> String {
        "\(path): the file system does not bring this directory to the disk at once (\(FileFailure.text(error))): "
            + "if the machine loses power within seconds, the output may be incomplete"
    }
}
