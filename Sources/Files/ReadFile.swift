import Glibc

/// A regular file that is open for reading. Pipes and devices are refused, without waiting for their writer.
package final class ReadFile {
    private let path: String
    private let descriptor: Int32
    /// What the system said of it when it was opened.
    package let status: FileStatus

    package init(_ path: String) throws(FileFailure) {
        self.path = path
        let descriptor = open(path.systemBytes, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            // A socket has no other error of its own.
            if errno == ENXIO { throw FileFailure(path, "reading", reason: "not a regular file") }
            throw FileFailure(path, "reading")
        }
        do throws(FileFailure) {
            status = try FileStatus(descriptor: descriptor, path: path)
        } catch {
            close(descriptor)
            throw FileFailure(path, "reading", reason: error.reason)
        }
        self.descriptor = descriptor
        switch self.status.kind {
        case .file: break
        case .directory: throw FileFailure(path, "reading", code: EISDIR)
        default: throw FileFailure(path, "reading", reason: "\(self.status.kind), expected a file")
        }
    }

    deinit { close(descriptor) }

    /// The next bytes: as many as requested, fewer at the file's end.
    package func next(_ most: Int) throws(FileFailure) -> [UInt8] {
        try filledBytes(most, of: path) { rest, _ in Glibc.read(descriptor, rest.baseAddress, rest.count) }
    }

    /// Bytes that are read or copied at once.
    package static let pieceLength = 1 << 20
}

/// All bytes of a regular file.
/// - Parameter most: bytes that it may have. A file can say that it has any number of them, and a sparse one has as many at
///   no cost; more are an error, found before they are read where the system knows.
package func readFile(_ path: String, atMost most: Int) throws(FileFailure) -> [UInt8] {
    let file = try ReadFile(path)
    func tooLarge(_ found: String) -> FileFailure {
        FileFailure(path, "reading", reason: "\(found) bytes, expected at most \(most)")
    }
    guard file.status.bytes <= most else { throw tooLarge("\(file.status.bytes)") }
    // One more than it should have, so that its end is seen at once.
    var bytes = try file.next(file.status.bytes + 1)
    guard bytes.count > file.status.bytes else { return bytes }
    while true {
        guard bytes.count <= most else { throw tooLarge("more than \(most)") }
        // Files of /proc and /sys say that they have no bytes, and have few.
        let more = try file.next(min(max(bytes.count, 4096), ReadFile.pieceLength))
        if more.isEmpty { return bytes }
        bytes += more
    }
}
