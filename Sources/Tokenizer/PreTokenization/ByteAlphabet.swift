/// GPT-2's printable stand-ins for bytes: visible Latin-1 characters represent themselves, the characters from U+0100
/// on represent all other bytes, in order.
enum ByteAlphabet {
    /// For each byte, its character in UTF-8.
    static let characters: [[UInt8]] = {
        var next: UInt32 = 0x100
        return (UInt32(0)...0xFF).map { byte in
            let isVisible = (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || byte >= 0xAE
            let code = isVisible ? byte : next
            if !isVisible { next += 1 }
            // All codes are below U+0144, so two bytes suffice.
            return code < 0x80 ? [UInt8(code)] : [UInt8(0xC0 | code >> 6), UInt8(0x80 | code & 0x3F)]
        }
    }()

    /// How GPT-2 finds words.
    static let pattern = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
}
