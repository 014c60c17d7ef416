extension [UInt8] {
    /// A GGUF file with some random changes: bytes replaced, flipped, removed and doubled, lengths and counts made large, types
    /// made others of the format.
    /// - Parameters:
    ///   - changes: how many there are.
    ///   - end: changes begin before this byte.
    ///   - isCut: whether the file also ends early.
    package func mutatedGGUF(
        changes: Int, before end: Int, isCut: Bool, using random: inout some RandomNumberGenerator
    ) -> [UInt8] {
        var bytes = self
        for _ in 0..<changes {
            let position = Int.random(in: 0..<Swift.min(end, bytes.count), using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes[position] = .random(in: 0...255, using: &random)
            case 1: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 2: bytes.remove(at: position)
            case 3: bytes.insert(bytes[.random(in: 0..<bytes.count, using: &random)], at: position)
            // A length, a count or an offset that is large.
            case 4:
                for i in position..<Swift.min(position + 8, bytes.count) {
                    bytes[i] = .random(in: 0...255, using: &random)
                }
            default: bytes[position] = UInt8.random(in: 0..<14, using: &random)
            }
        }
        if isCut { bytes.removeLast(.random(in: 0..<bytes.count, using: &random)) }
        return bytes
    }
}
