import Glibc

/// A file, or a pipe, read once from its beginning to its end. The system's own words say why one cannot be read.
package final class TextFile {
    package let path: String
    /// Bytes of a regular file; nil for anything else.
    package let size: Int?
    private let descriptor: Int32
    /// Bytes that were read ahead.
    private var ahead: [UInt8] = []

    package init(path: String) throws(TextFileError) {
        self.path = path
        descriptor = open(path.systemBytes, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure(path) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let failure = Self.failure(path)
            close(descriptor)
            throw failure
        }
        let kind = status.st_mode & S_IFMT
        guard kind != S_IFDIR else {
            close(descriptor)
            throw TextFileError(file: path, .unreadable(reason: "is a directory"))
        }
        size = kind == S_IFREG ? max(0, Int(status.st_size)) : nil
        ahead = try read(upTo: StandIn.prefixLength)
        // A page in HTML may be a text, and so may what is about pointers; a pointer is short.
        if let size, size < Self.longestPointer, let found = StandIn(ahead),
            [.gitLFSPointer, .gitAnnexPointer].contains(found)
        {
            throw TextFileError(file: path, .pointer(found))
        }
    }

    deinit { close(descriptor) }

    /// Bytes that a pointer stays below, by the specification of Git Large File Storage.
    private static let longestPointer = 1024

    private static func failure(_ path: String) -> TextFileError {
        TextFileError(file: path, .unreadable(reason: FileFailure.text(errno)))
    }

    /// The next bytes; none at the end.
    func nextBytes() throws(TextFileError) -> [UInt8] {
        guard ahead.isEmpty else {
            defer { ahead = [] }
            return ahead
        }
        return try read(upTo: 1 << 20)
    }

    /// So many bytes, or fewer at the end.
    private func read(upTo count: Int) throws(TextFileError) -> [UInt8] {
        do throws(FileFailure) {
            return try filledBytes(count, of: path) { rest, _ in Glibc.read(descriptor, rest.baseAddress, rest.count) }
        } catch {
            throw TextFileError(file: path, .unreadable(reason: error.reason))
        }
    }

    /// The whole of a file.
    /// - Parameter most: bytes that it may have; more are an error, found before they are read where the size is known.
    package static func bytes(of path: String, atMost most: Int) throws(TextFileError) -> [UInt8] {
        let file = try TextFile(path: path)
        if let size = file.size, size > most { throw TextFileError(file: path, .tooLarge(bytes: size, most: most)) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(file.size ?? 0)
        while true {
            let next = try file.nextBytes()
            if next.isEmpty { return bytes }
            bytes += next
            if bytes.count > most { throw TextFileError(file: path, .tooLarge(bytes: nil, most: most)) }
        }
    }
}
