/// Where the codes of a block are in its bytes: a code is cut into one or two parts, and each part of each code has its place.
struct CodeLayout: Sendable {
    /// Some bits of every code.
    struct Part: Sendable {
        /// Their number, and the lowest of them in the code.
        let bits: UInt8
        let codeShift: UInt8
        /// For each code the byte in the block, and the lowest bit in that byte.
        let bytes: [Int]
        let shifts: [UInt8]

        /// - Parameter place: the byte and the lowest bit of a code's part, by the code's number in its block.
        init(bits: UInt8, codeShift: UInt8 = 0, count: Int, place: (Int) -> (byte: Int, shift: Int)) {
            self.bits = bits
            self.codeShift = codeShift
            let places = (0..<count).map(place)
            bytes = places.map(\.byte)
            shifts = places.map { UInt8($0.shift) }
        }
    }

    let count: Int
    let parts: [Part]

    init(count: Int, _ parts: Part...) {
        self.count = count
        self.parts = parts
    }

    /// Puts the codes of a block into its bytes, which are zero where codes go.
    func pack(_ codes: UnsafePointer<UInt8>, into block: UnsafeMutablePointer<UInt8>) {
        for part in parts {
            let mask = UInt8(truncatingIfNeeded: 1 << Int(part.bits) - 1)
            for i in 0..<count { block[part.bytes[i]] |= (codes[i] >> part.codeShift & mask) << part.shifts[i] }
        }
    }

    /// The codes of a block.
    func unpack(_ block: UnsafePointer<UInt8>, into codes: UnsafeMutablePointer<UInt8>) {
        for i in 0..<count { codes[i] = 0 }
        for part in parts {
            let mask = UInt8(truncatingIfNeeded: 1 << Int(part.bits) - 1)
            for i in 0..<count { codes[i] |= (block[part.bytes[i]] >> part.shifts[i] & mask) << part.codeShift }
        }
    }
}

// The places, by `dequantize_row_*` of ggml-quants.c. w is a code's number in its block.

extension CodeLayout {
    /// Bytes of 16 low halves and 16 high ones: w and w + 16 share a byte.
    static func nibbles(from start: Int) -> CodeLayout {
        CodeLayout(count: 32, Part(bits: 4, count: 32) { (start + $0 % 16, $0 / 16 * 4) })
    }

    /// A byte a code.
    static func bytes(from start: Int) -> CodeLayout {
        CodeLayout(count: 32, Part(bits: 8, count: 32) { (start + $0, 0) })
    }

    /// Two bits: of each 128 codes the four runs of 32 share 32 bytes.
    private static func pairs(from start: Int, codeShift: UInt8 = 0) -> Part {
        Part(bits: 2, codeShift: codeShift, count: 256) { (start + $0 / 128 * 32 + $0 % 32, $0 % 128 / 32 * 2) }
    }

    /// Four bits: of each 64 codes the two runs of 32 share 32 bytes.
    private static func halves(from start: Int) -> Part {
        Part(bits: 4, count: 256) { (start + $0 / 64 * 32 + $0 % 32, $0 % 64 / 32 * 4) }
    }

    /// One bit: the eight runs of 32 share 32 bytes.
    private static func singles(from start: Int, codeShift: UInt8) -> Part {
        Part(bits: 1, codeShift: codeShift, count: 256) { (start + $0 % 32, $0 / 32) }
    }

    static let q2K = CodeLayout(count: 256, pairs(from: 16))
    static let q3K = CodeLayout(count: 256, pairs(from: 32), singles(from: 0, codeShift: 2))
    static let q4K = CodeLayout(count: 256, halves(from: 16))
    static let q5K = CodeLayout(count: 256, halves(from: 48), singles(from: 16, codeShift: 4))
    /// The low four bits of each 128 codes: runs 0 and 2 of 32 share 32 bytes, runs 1 and 3 the next 32.
    static let q6K = CodeLayout(
        count: 256,
        Part(bits: 4, count: 256) {
            ($0 / 128 * 64 + $0 % 64 / 32 * 32 + $0 % 32, $0 % 128 / 64 * 4)
        }, pairs(from: 128, codeShift: 4))
}
