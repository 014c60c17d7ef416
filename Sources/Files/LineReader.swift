/// The lines of a file, one after another, so that only one is in memory.
///
/// A line ends with LF or with CR LF, the last one also with the file. A byte order mark before the first is not part
/// of it. Bytes are looked at, not characters: in Swift, CR LF is one `Character`, which is not `"\n"`.
package final class LineReader {
    private let file: TextFile
    private let most: Int
    /// Bytes that were read and belong to lines to come.
    private var buffer: [UInt8] = []
    private var position = 0
    /// The number of the line that was read last, from 1.
    package private(set) var number = 0

    /// - Parameters:
    ///   - path: the file's.
    ///   - most: bytes that a line may have.
    ///   - mostOfAll: bytes that all lines may have, where the file's size is known.
    package init(path: String, longestLine most: Int = .max, atMost mostOfAll: Int = .max) throws(TextFileError) {
        file = try TextFile(path: path)
        self.most = most
        if let size = file.size, size > mostOfAll {
            throw TextFileError(file: path, .tooLarge(bytes: size, most: mostOfAll))
        }
    }

    /// The next line, without its end; nil after the last one.
    package func next() throws(TextFileError) -> ArraySlice<UInt8>? {
        var scanned = position
        while true {
            if let end = buffer[scanned...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { position = end + 1 }
                return try line(position..<end)
            }
            scanned = buffer.count - position
            buffer.removeFirst(position)
            position = 0
            guard buffer.count <= most else { throw tooLong(number + 1) }
            let more = try file.nextBytes()
            if more.isEmpty {
                guard !buffer.isEmpty else { return nil }
                defer { position = buffer.count }
                return try line(0..<buffer.count)
            }
            buffer += more
        }
    }

    private func line(_ range: Range<Int>) throws(TextFileError) -> ArraySlice<UInt8> {
        number += 1
        var line = buffer[range]
        if number == 1, line.starts(with: [0xEF, 0xBB, 0xBF]) { line = line.dropFirst(3) }
        if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
        guard line.count <= most else { throw tooLong(number) }
        return line
    }

    private func tooLong(_ number: Int) -> TextFileError {
        TextFileError(file: file.path, .lineTooLong(number: number, most: most))
    }
}

extension ArraySlice<UInt8> {
    /// Whether a line has nothing but spaces, tabs and carriage returns.
    package var isBlank: Bool { allSatisfy { [0x20, 0x09, 0x0D].contains($0) } }
}
