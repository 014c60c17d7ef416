/// The element types that safetensors knows, by their names in a file's header.
package enum TensorElementType: String, Sendable, CaseIterable {
    case boolean = "BOOL"
    case float4 = "F4"
    case float6E2M3 = "F6_E2M3"
    case float6E3M2 = "F6_E3M2"
    case unsigned8 = "U8"
    case signed8 = "I8"
    case float8E5M2 = "F8_E5M2"
    case float8E4M3 = "F8_E4M3"
    case float8E8M0 = "F8_E8M0"
    case float8E5M2FNUZ = "F8_E5M2FNUZ"
    case float8E4M3FNUZ = "F8_E4M3FNUZ"
    case signed16 = "I16"
    case unsigned16 = "U16"
    case float16 = "F16"
    case bfloat16 = "BF16"
    case signed32 = "I32"
    case unsigned32 = "U32"
    case float32 = "F32"
    case complex64 = "C64"
    case float64 = "F64"
    case signed64 = "I64"
    case unsigned64 = "U64"

    /// Bits of one element. Types under a byte are packed without gaps, so a tensor of them must fill whole bytes.
    package var bitWidth: Int {
        switch self {
        case .float4: 4
        case .float6E2M3, .float6E3M2: 6
        case .boolean, .unsigned8, .signed8, .float8E5M2, .float8E4M3, .float8E8M0, .float8E5M2FNUZ, .float8E4M3FNUZ:
            8
        case .signed16, .unsigned16, .float16, .bfloat16: 16
        case .signed32, .unsigned32, .float32: 32
        case .complex64, .float64, .signed64, .unsigned64: 64
        }
    }

    /// Bytes of a tensor of this type and shape; nil where the product overflows or does not fill whole bytes.
    package func byteCount(of shape: [Int]) -> Int? {
        var bits = bitWidth
        for dimension in shape {
            let (product, overflow) = bits.multipliedReportingOverflow(by: dimension)
            guard !overflow && dimension >= 0 else { return nil }
            bits = product
        }
        return bits.isMultiple(of: 8) ? bits / 8 : nil
    }
}
