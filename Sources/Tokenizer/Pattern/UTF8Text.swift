/// Scalars of valid UTF-8.
extension [UInt8] {
    /// The scalar whose first byte is at `position`, and its length in bytes.
    @inline(__always)
    func scalar(at position: Int) -> (code: UInt32, length: Int) {
        let first = UInt32(self[position])
        if first < 0x80 { return (first, 1) }
        let second = UInt32(self[position + 1] & 0x3F)
        if first < 0xE0 { return ((first & 0x1F) << 6 | second, 2) }
        let third = UInt32(self[position + 2] & 0x3F)
        if first < 0xF0 { return ((first & 0x0F) << 12 | second << 6 | third, 3) }
        return ((first & 0x07) << 18 | second << 12 | third << 6 | UInt32(self[position + 3] & 0x3F), 4)
    }

    /// Where the scalar begins that ends at `position`, which is not the text's start.
    @inline(__always)
    func startOfScalar(before position: Int) -> Int {
        var position = position - 1
        while self[position] & 0xC0 == 0x80 { position -= 1 }
        return position
    }
}
