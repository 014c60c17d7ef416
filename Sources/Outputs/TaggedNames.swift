import AdaDimFiles

/// Names that begin alike and end in a random number, by which this tool knows its own again.
struct TaggedNames {
    let prefix: String

    /// Digits of the largest number.
    static let mostDigits = 13

    /// Another one with every call.
    func new() -> String { prefix + String(UInt64.random(in: .min ... .max), radix: 36) }

    /// Paths of all such names in a directory, sorted. None where it cannot be listed.
    func all(in directory: String) -> [String] {
        ((try? names(inDirectory: directory)) ?? []).filter(contain).map(directory.appendingComponent)
    }

    /// By bytes: two names that Swift calls equal can be two outputs'.
    private func contain(_ name: String) -> Bool {
        let (bytes, start) = (name.pathBytes, prefix.pathBytes)
        let digits = bytes.dropFirst(start.count)
        return bytes.starts(with: start)
            && digits.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) }
            && UInt64(String(decoding: digits, as: UTF8.self), radix: 36) != nil
    }
}
