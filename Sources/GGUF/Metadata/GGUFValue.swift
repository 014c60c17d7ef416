/// A value of a GGUF file's metadata.
package enum GGUFValue: Sendable, Equatable {
    case unsigned8(UInt8)
    case signed8(Int8)
    case unsigned16(UInt16)
    case signed16(Int16)
    case unsigned32(UInt32)
    case signed32(Int32)
    case float32(Float)
    case boolean(Bool)
    case string(String)
    case array(GGUFArray)
    case unsigned64(UInt64)
    case signed64(Int64)
    case float64(Double)

    /// What files call the type.
    var type: GGUFValueType {
        switch self {
        case .unsigned8: .unsigned8
        case .signed8: .signed8
        case .unsigned16: .unsigned16
        case .signed16: .signed16
        case .unsigned32: .unsigned32
        case .signed32: .signed32
        case .float32: .float32
        case .boolean: .boolean
        case .string: .string
        case .array: .array
        case .unsigned64: .unsigned64
        case .signed64: .signed64
        case .float64: .float64
        }
    }

    /// In a few words, for errors.
    package var summary: String {
        switch self {
        case .unsigned8(let value): "\(value)"
        case .signed8(let value): "\(value)"
        case .unsigned16(let value): "\(value)"
        case .signed16(let value): "\(value)"
        case .unsigned32(let value): "\(value)"
        case .signed32(let value): "\(value)"
        case .float32(let value): "\(value)"
        case .boolean(let value): "\(value)"
        case .string(let value): "\"\(value.prefix(40))\""
        case .array(let value): "an array of \(value.count)"
        case .unsigned64(let value): "\(value)"
        case .signed64(let value): "\(value)"
        case .float64(let value): "\(value)"
        }
    }

    package var string: String? { if case .string(let value) = self { value } else { nil } }
    package var strings: [String]? { if case .array(.string(let values)) = self { values } else { nil } }
}

/// Elements of one type, none of which is an array itself: llama.cpp refuses those, too.
package enum GGUFArray: Sendable, Equatable {
    case unsigned8([UInt8])
    case signed8([Int8])
    case unsigned16([UInt16])
    case signed16([Int16])
    case unsigned32([UInt32])
    case signed32([Int32])
    case float32([Float])
    case boolean([Bool])
    case string([String])
    case unsigned64([UInt64])
    case signed64([Int64])
    case float64([Double])

    /// What files call the type of an element.
    var type: GGUFValueType {
        switch self {
        case .unsigned8: .unsigned8
        case .signed8: .signed8
        case .unsigned16: .unsigned16
        case .signed16: .signed16
        case .unsigned32: .unsigned32
        case .signed32: .signed32
        case .float32: .float32
        case .boolean: .boolean
        case .string: .string
        case .unsigned64: .unsigned64
        case .signed64: .signed64
        case .float64: .float64
        }
    }

    package var count: Int {
        switch self {
        case .unsigned8(let values): values.count
        case .signed8(let values): values.count
        case .unsigned16(let values): values.count
        case .signed16(let values): values.count
        case .unsigned32(let values): values.count
        case .signed32(let values): values.count
        case .float32(let values): values.count
        case .boolean(let values): values.count
        case .string(let values): values.count
        case .unsigned64(let values): values.count
        case .signed64(let values): values.count
        case .float64(let values): values.count
        }
    }
}

/// The types of metadata, by their numbers in files (`gguf_type` of gguf.h).
enum GGUFValueType: UInt32 {
    case unsigned8, signed8, unsigned16, signed16, unsigned32, signed32, float32, boolean, string, array, unsigned64,
        signed64, float64

    /// The fewest bytes that a value takes.
    var leastBytes: Int {
        switch self {
        case .unsigned8, .signed8, .boolean: 1
        case .unsigned16, .signed16: 2
        case .unsigned32, .signed32, .float32: 4
        case .string, .unsigned64, .signed64, .float64: 8
        case .array: 12
        }
    }
}
