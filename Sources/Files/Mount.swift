/// One line of the system's table of mounts.
package struct Mount {
    /// Path of the directory of the mounted file system that is seen at the point, as bytes.
    package let root: [UInt8]
    /// Path at which it is seen, as bytes.
    package let point: [UInt8]
    /// Kind of file system, such as "ext4" or "cgroup2".
    package let kind: String
    /// Options of the file system itself, such as "rw" or a control group's controllers.
    package let options: [String]

    /// Bytes that a table may have.
    package static let longestTable = 64 << 20
}

/// All mounts in a table's order. What is no such line is left out.
/// - Parameter table: lines such as "31 23 0:28 ROOT POINT options tags - KIND source OPTIONS", with spaces, tabs, line ends and
///   backslashes of paths as `\` and three octal digits (proc_pid_mountinfo(5)).
package func mounts(inTable table: [UInt8]) -> [Mount] {
    table.split(separator: UInt8(ascii: "\n")).compactMap { line in
        // What is mounted may have no name: an empty field.
        let fields = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard let dash = fields.dropFirst(6).firstIndex(of: [UInt8(ascii: "-")]), fields.count >= dash + 4 else {
            return nil
        }
        let options = fields[dash + 3].split(separator: UInt8(ascii: ","))
        return Mount(
            root: withoutOctalEscapes(fields[3]), point: withoutOctalEscapes(fields[4]),
            kind: String(decoding: fields[dash + 1], as: UTF8.self),
            options: options.map { String(decoding: $0, as: UTF8.self) })
    }
}

private func withoutOctalEscapes(_ field: ArraySlice<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = field
    while let byte = rest.popFirst() {
        let digits = rest.prefix(3)
        if byte == UInt8(ascii: "\\"), digits.count == 3,
            let code = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
        {
            bytes.append(code)
            rest = rest.dropFirst(3)
        } else {
            bytes.append(byte)
        }
    }
    return bytes
}
