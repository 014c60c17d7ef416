/// A header as it is written.
struct HeaderBytes {
    private(set) var bytes: [UInt8] = []

    init(
        _ metadata: [(key: String, value: GGUFValue)],
        _ tensors: [(name: String, shape: [Int], type: GGUFTensorType, offset: Int)]
    ) {
        bytes += GGUFHeader.magic
        append(GGUFHeader.version)
        append(UInt64(tensors.count))
        append(UInt64(metadata.count))
        for (key, value) in metadata {
            append(key)
            append(value.type.rawValue)
            append(value)
        }
        for tensor in tensors {
            append(tensor.name)
            append(UInt32(tensor.shape.count))
            for size in tensor.shape.reversed() { append(UInt64(size)) }
            append(tensor.type.rawValue)
            append(UInt64(tensor.offset))
        }
        bytes += [UInt8](
            repeating: 0,
            count: GGUFHeader.padded(bytes.count, to: GGUFHeader.defaultAlignment) - bytes.count)
    }

    private mutating func append<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value) {
        withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
    }

    private mutating func append<Value: FixedWidthInteger & BitwiseCopyable>(each values: [Value]) {
        for value in values { append(value) }
    }

    private mutating func append(_ text: String) {
        append(UInt64(text.utf8.count))
        bytes += text.utf8
    }

    private mutating func append(_ value: GGUFValue) {
        switch value {
        case .unsigned8(let value): append(value)
        case .signed8(let value): append(value)
        case .unsigned16(let value): append(value)
        case .signed16(let value): append(value)
        case .unsigned32(let value): append(value)
        case .signed32(let value): append(value)
        case .float32(let value): append(value.bitPattern)
        case .boolean(let value): append(UInt8(value ? 1 : 0))
        case .string(let value): append(value)
        case .array(let values): append(values)
        case .unsigned64(let value): append(value)
        case .signed64(let value): append(value)
        case .float64(let value): append(value.bitPattern)
        }
    }

    private mutating func append(_ array: GGUFArray) {
        append(array.type.rawValue)
        append(UInt64(array.count))
        switch array {
        case .unsigned8(let values): bytes += values
        case .signed8(let values): append(each: values)
        case .unsigned16(let values): append(each: values)
        case .signed16(let values): append(each: values)
        case .unsigned32(let values): append(each: values)
        case .signed32(let values): append(each: values)
        case .float32(let values): append(each: values.map(\.bitPattern))
        case .boolean(let values): bytes += values.map { $0 ? 1 : 0 }
        case .string(let values):
            for value in values { append(value) }
        case .unsigned64(let values): append(each: values)
        case .signed64(let values): append(each: values)
        case .float64(let values): append(each: values.map(\.bitPattern))
        }
    }
}
