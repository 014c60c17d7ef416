import Glibc

/// So many bytes of an open file, fewer at its end: the system may give fewer at a time, or be interrupted.
/// - Parameters:
///   - count: how many.
///   - path: the file's, for errors.
///   - read: requests from the system once what fits into a buffer, after so many bytes that were read before; returns
///     the number of bytes, 0 at the end, and less than 0 for an error in `errno`.
func filledBytes(
    _ count: Int, of path: String, by read: (_ rest: UnsafeMutableRawBufferPointer, _ filled: Int) -> Int
) throws(FileFailure) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
        let (got, error) = bytes.withUnsafeMutableBytes { buffer in
            (read(UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]), filled), errno)
        }
        if got == 0 { break }
        if got > 0 { filled += got } else if error != EINTR { throw FileFailure(path, "reading", code: error) }
    }
    bytes.removeLast(count - filled)
    return bytes
}
