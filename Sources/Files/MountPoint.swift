/// Whether something is mounted at a path, which has no links on the way: a directory or a file that the system neither renames
/// nor replaces. False where the system does not tell.
package func isMountPoint(_ path: String) -> Bool {
    // Files of /proc say that they have no bytes; a machine full of containers has some thousand mounts.
    guard let table = try? readFile("/proc/self/mountinfo", atMost: 64 << 20) else { return false }
    return mountPoints(inTable: table).contains(path.pathBytes)
}

/// Paths of all mounts, as bytes.
/// - Parameter table: lines of fields, the fifth of which is the path, with spaces, tabs, line ends and backslashes as `\` and
///   three octal digits (proc_pid_mountinfo(5)).
package func mountPoints(inTable table: [UInt8]) -> Set<[UInt8]> {
    let lines = table.split(separator: UInt8(ascii: "\n"))
    return Set(
        lines.compactMap { line in
            let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 5)
            return fields.count > 4 ? withoutOctalEscapes(fields[4]) : nil
        })
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
