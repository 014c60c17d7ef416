/// Bytes of a tensor where they lie in a file, the lowest of a number first. They are valid only in the call that gives them; a
/// place outside of them traps.
struct TensorBytes {
    private let bytes: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    subscript(place: Int) -> UInt8 {
        precondition(place >= 0 && place < bytes.count, "byte \(place) of \(bytes.count)")
        return bytes[place]
    }

    /// Some of the bytes.
    subscript(range: Range<Int>) -> TensorBytes {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count, "bytes \(range) of \(bytes.count)")
        return TensorBytes(UnsafeRawBufferPointer(rebasing: bytes[range]))
    }

    /// The unsigned number of an element.
    func word(_ index: Int, width: Int) -> UInt64 {
        var word: UInt64 = 0
        for place in (0..<width).reversed() { word = word << 8 | UInt64(self[index * width + place]) }
        return word
    }

    /// The element of a tensor of floats.
    func number(_ index: Int, _ type: NumberType) -> Double {
        type.value(ofBits: UInt32(truncatingIfNeeded: word(index, width: type.bytes)))
    }

    /// The code that begins at some bit of a stream of 32-bit words, bit by bit, the lowest first.
    /// - Parameters:
    ///   - firstWord: the stream's first.
    ///   - step: words from one word of the stream to the next.
    func code(from firstWord: Int, step: Int = 1, bit: Int, bits: Int) -> Int {
        var code = 0
        for k in 0..<bits {
            let place = bit + k
            let byte = self[(firstWord + place / 32 * step) * 4 + place % 32 / 8]
            code |= Int(byte >> UInt8(place % 8) & 1) << k
        }
        return code
    }
}
