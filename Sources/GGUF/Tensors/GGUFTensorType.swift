/// How a tensor's numbers are stored, by llama.cpp's names (`ggml_type` of ggml.h): one by one, or several neighbors in a row
/// together in a block.
package enum GGUFTensorType: UInt32, Sendable, CaseIterable {
    case float32 = 0
    case float16 = 1
    case q40 = 2
    case q41 = 3
    case q50 = 6
    case q51 = 7
    case q80 = 8
    case q2K = 10
    case q3K = 11
    case q4K = 12
    case q5K = 13
    case q6K = 14
    case iq4NL = 20
    case iq4XS = 23
    case signed8 = 24
    case signed16 = 25
    case signed32 = 26
    case signed64 = 27
    case float64 = 28
    case bfloat16 = 30

    package var name: String {
        switch self {
        case .float32: "F32"
        case .float16: "F16"
        case .q40: "Q4_0"
        case .q41: "Q4_1"
        case .q50: "Q5_0"
        case .q51: "Q5_1"
        case .q80: "Q8_0"
        case .q2K: "Q2_K"
        case .q3K: "Q3_K"
        case .q4K: "Q4_K"
        case .q5K: "Q5_K"
        case .q6K: "Q6_K"
        case .iq4NL: "IQ4_NL"
        case .iq4XS: "IQ4_XS"
        case .signed8: "I8"
        case .signed16: "I16"
        case .signed32: "I32"
        case .signed64: "I64"
        case .float64: "F64"
        case .bfloat16: "BF16"
        }
    }

    package init?(name: String) {
        guard let type = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = type
    }

    /// Numbers of a block.
    package var blockLength: Int {
        switch self {
        case .float32, .float16, .bfloat16, .float64, .signed8, .signed16, .signed32, .signed64: 1
        case .q40, .q41, .q50, .q51, .q80, .iq4NL: 32
        case .q2K, .q3K, .q4K, .q5K, .q6K, .iq4XS: 256
        }
    }

    /// Bytes of a block.
    package var blockBytes: Int {
        switch self {
        case .signed8: 1
        case .float16, .bfloat16, .signed16: 2
        case .float32, .signed32: 4
        case .float64, .signed64: 8
        case .q40, .iq4NL: 18
        case .q41: 20
        case .q50: 22
        case .q51: 24
        case .q80: 34
        case .q2K: 84
        case .q3K: 110
        case .iq4XS: 136
        case .q4K: 144
        case .q5K: 176
        case .q6K: 210
        }
    }

    /// Bytes of a row of so many numbers.
    /// - Precondition: a multiple of ``blockLength``.
    package func rowBytes(_ columns: Int) -> Int { columns / blockLength * blockBytes }
}
