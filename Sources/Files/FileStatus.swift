import Glibc

/// The system's information about a file, links followed or not.
package struct FileStatus: Sendable, Equatable {
    package enum Kind: Sendable {
        case file, directory, link, pipe, socket, device
    }

    package let kind: Kind
    package let bytes: Int
    /// The user that it belongs to.
    package let owner: UInt32
    /// What two names of one file share.
    package let identity: Identity

    package struct Identity: Sendable, Hashable {
        let device: UInt64
        let inode: UInt64
    }

    /// - Throws: ``FileFailure`` where there is nothing or it cannot be looked at.
    package init(_ path: String, followingLinks: Bool = true) throws(FileFailure) {
        var status = stat()
        let bytes = path.systemBytes
        guard (followingLinks ? stat(bytes, &status) : lstat(bytes, &status)) == 0 else {
            throw FileFailure(path, "looking at it")
        }
        self.init(status)
    }

    /// What a descriptor is open on.
    package init(descriptor: Int32, path: String) throws(FileFailure) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileFailure(path, "looking at it") }
        self.init(status)
    }

    private init(_ status: stat) {
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            case S_IFLNK: .link
            case S_IFIFO: .pipe
            case S_IFSOCK: .socket
            default: .device
            }
        bytes = Int(status.st_size)
        owner = status.st_uid
        identity = Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }

    /// The file at a path; nil where there is none, or none that may be examined.
    package static func kind(of path: String, followingLinks: Bool = true) -> Kind? {
        (try? FileStatus(path, followingLinks: followingLinks))?.kind
    }
}

extension FileStatus.Kind: CustomStringConvertible {
    package var description: String {
        switch self {
        case .file: "a file"
        case .directory: "a directory"
        case .link: "a link"
        case .pipe: "a pipe"
        case .socket: "a socket"
        case .device: "a device"
        }
    }
}
