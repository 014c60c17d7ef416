/// The blocks of a tensor type in GGUF, decoded number by number. Written from the descriptions of the types in ggml
/// (`ggml-common.h` for the bytes, `ggml-quants.c` for their meaning).
enum GGUFBlockLayout: Int, Sendable {
    case float32 = 0
    case float16 = 1
    case q40 = 2
    case q41 = 3
    case q80 = 8
    case q2K = 10
    case q3K = 11
    case q4K = 12
    case q5K = 13
    case q6K = 14
    case bfloat16 = 30

    init?(_ type: UInt64) {
        guard let type = Int(exactly: type), let layout = Self(rawValue: type) else { return nil }
        self = layout
    }

    /// The type of numbers that are stored one by one; nil for blocks.
    var plainType: NumberType? {
        switch self {
        case .float32: .float32
        case .float16: .float16
        case .bfloat16: .bfloat16
        default: nil
        }
    }

    /// Numbers of a block.
    var count: Int {
        switch self {
        case .float32, .float16, .bfloat16: 1
        case .q40, .q41, .q80: 32
        case .q2K, .q3K, .q4K, .q5K, .q6K: 256
        }
    }

    /// Its bytes.
    var bytes: Int {
        switch self {
        case .float32: 4
        case .float16, .bfloat16: 2
        case .q40: 18
        case .q41: 20
        case .q80: 34
        case .q2K: 84
        case .q3K: 110
        case .q4K: 144
        case .q5K: 176
        case .q6K: 210
        }
    }

    /// Where a block has its two numbers of float16: what scales and what offsets are multiplied by. The second is not there in types
    /// without offsets.
    private var halves: (scale: Int, offset: Int?) {
        switch self {
        case .q40, .q80, .float32, .float16, .bfloat16: (0, nil)
        case .q41, .q4K, .q5K: (0, 2)
        case .q2K: (80, 82)
        case .q3K: (108, nil)
        case .q6K: (208, nil)
        }
    }

    /// Appends the numbers of a block, exact.
    func append(_ block: TensorBytes, to values: inout [Double]) {
        if let plainType { return values.append(block.number(0, plainType)) }
        /// A float16 at a byte, which is even.
        func half(_ place: Int) -> Double { block.number(place / 2, .float16) }
        let (d, dmin) = (half(halves.scale), halves.offset.map(half) ?? 0)
        for e in 0..<count { values.append(value(e, of: block, d, dmin)) }
    }

    /// A number of a block.
    /// - Parameters:
    ///   - d: what scales are multiplied by.
    ///   - dmin: what offsets are multiplied by.
    private func value(_ e: Int, of block: TensorBytes, _ d: Double, _ dmin: Double) -> Double {
        func bits(_ place: Int, _ shift: Int, _ width: Int) -> Int { Int(block[place]) >> shift & (1 << width - 1) }
        // A K-quant has its numbers in runs of 32: run r of one half h of the block, number l of the run.
        let (h, r, l) = (e / 128, e % 128 / 32, e % 32)
        switch self {
        case .q40: return d * Double(bits(2 + e % 16, e / 16 * 4, 4) - 8)
        case .q41: return d * Double(bits(4 + e % 16, e / 16 * 4, 4)) + dmin
        case .q80: return d * Double(Int8(bitPattern: block[2 + e]))
        case .q2K:
            let scale = e / 16
            let code = bits(16 + h * 32 + l, 2 * r, 2)
            return d * Double(bits(scale, 0, 4) * code) - dmin * Double(bits(scale, 4, 4))
        case .q3K:
            let group = e / 16
            let low = bits(96 + group % 8, group / 8 * 4, 4)
            let scale = (low | bits(104 + group % 4, group / 4 * 2, 2) << 4) - 32
            let code = bits(32 + h * 32 + l, 2 * r, 2) + bits(l, h * 4 + r, 1) * 4 - 4
            return d * Double(scale * code)
        case .q4K, .q5K:
            let group = e / 32
            let (scale, offset) = Self.sixBits(block, group)
            let low = bits((self == .q4K ? 16 : 48) + e / 64 * 32 + l, group % 2 * 4, 4)
            let code = self == .q4K ? low : low + bits(16 + l, group, 1) * 16
            return d * Double(scale * code) - dmin * Double(offset)
        case .q6K:
            let low = bits(h * 64 + r % 2 * 32 + l, r / 2 * 4, 4)
            let code = (low | bits(128 + h * 32 + l, 2 * r, 2) << 4) - 32
            return d * Double(Int(Int8(bitPattern: block[192 + e / 16])) * code)
        case .float32, .float16, .bfloat16: preconditionFailure("numbers one by one")
        }
    }

    /// The scale and the offset of a group of Q4_K or Q5_K: six bits each, in twelve bytes from the fifth.
    private static func sixBits(_ block: TensorBytes, _ group: Int) -> (scale: Int, offset: Int) {
        func byte(_ k: Int) -> Int { Int(block[4 + k]) }
        if group < 4 { return (byte(group) & 63, byte(group + 4) & 63) }
        return (
            byte(group + 4) & 15 | (byte(group - 4) >> 6) << 4, byte(group + 4) >> 4 | (byte(group) >> 6) << 4
        )
    }
}
