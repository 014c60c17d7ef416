/// A grid whose scales are themselves quantized: the K-quants of llama.cpp, by its names. Groups of 16 or 32 weights along a row
/// (per-OC) have whole numbers as scales; 256 weights share the float16 numbers that these are multiplied by.
///
/// | type | group | value | codes q | scales sc | offsets m |
/// |---|---|---|---|---|---|
/// | Q2_K | 16 | d·sc·q − dmin·m | 0 … 3 | 0 … 15 | 0 … 15 |
/// | Q3_K | 16 | d·sc·(q − 4) | 0 … 7 | −32 … 31 | none |
/// | Q4_K | 32 | d·sc·q − dmin·m | 0 … 15 | 0 … 63 | 0 … 63 |
/// | Q5_K | 32 | d·sc·q − dmin·m | 0 … 31 | 0 … 63 | 0 … 63 |
/// | Q6_K | 16 | d·sc·(q − 32) | 0 … 63 | −128 … 127 | none |
///
/// Source: `ggml-quants.c` of llama.cpp, whose blocks store codes and scales with these meanings.
public enum TwoLevelType: String, Sendable, NamedChoice {
    /// 2 bits in groups of 16, with offsets; 2.625 bits a weight in all.
    case q2K = "Q2_K"
    /// 3 bits in groups of 16; 3.4375 bits a weight in all.
    case q3K = "Q3_K"
    /// 4 bits in groups of 32, with offsets; 4.5 bits a weight in all.
    case q4K = "Q4_K"
    /// 5 bits in groups of 32, with offsets; 5.5 bits a weight in all.
    case q5K = "Q5_K"
    /// 6 bits in groups of 16; 6.5625 bits a weight in all.
    case q6K = "Q6_K"

    /// Weights that share d and dmin.
    public static let superGroupSize = 256

    /// Bits of a code.
    public var bits: Int {
        switch self {
        case .q2K: 2
        case .q3K: 3
        case .q4K: 4
        case .q5K: 5
        case .q6K: 6
        }
    }

    /// Weights that share a scale.
    public var groupSize: Int {
        switch self {
        case .q2K, .q3K, .q6K: 16
        case .q4K, .q5K: 32
        }
    }

    /// The code of the value zero where there are no offsets; 0 where there are.
    public var zeroPoint: Int {
        switch self {
        case .q3K: 4
        case .q6K: 32
        case .q2K, .q4K, .q5K: 0
        }
    }

    /// Whether groups have offsets, dmin·m.
    public var hasOffsets: Bool { zeroPoint == 0 }

    /// The whole numbers that a group's scale may be.
    public var scaleRange: ClosedRange<Int> {
        switch self {
        case .q2K: 0...15
        case .q3K: -32...31
        case .q4K, .q5K: 0...63
        case .q6K: -128...127
        }
    }

    /// The largest whole number of an offset; 0 where there are none.
    public var largestOffset: Int { hasOffsets ? scaleRange.upperBound : 0 }
}
