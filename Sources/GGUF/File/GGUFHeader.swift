/// A checked header of a GGUF file of version 3: metadata, and tensors in the order of their data, which follow each other
/// without a hole, each padded to the alignment, as llama.cpp demands.
///
/// | part | content |
/// |---|---|
/// | start | `GGUF`, version (32 bits), number of tensors, number of keys (64 bits each) |
/// | each key | its name, the value's type (32 bits), the value |
/// | each tensor | its name, number of dimensions (32 bits), sizes (64 bits each, innermost first), type (32 bits), offset (64 bits) |
/// | data | at the next multiple of `general.alignment`, 32 if that is not stated |
///
/// Strings are a length (64 bits) and bytes; arrays a type (32 bits), a length (64 bits) and elements. All is little-endian.
/// Source: docs/gguf.md of ggml, and gguf.cpp of llama.cpp.
package struct GGUFHeader: Sendable, Equatable {
    /// In the order of the file.
    package private(set) var metadata: [(key: String, value: GGUFValue)] = []
    package private(set) var tensors: [GGUFTensor] = []
    /// Where the data begin, in bytes from the start of the file.
    package private(set) var dataStart = 0

    static let magic = Array("GGUF".utf8)
    static let version: UInt32 = 3
    static let alignmentKey = "general.alignment"
    static let defaultAlignment = 32

    /// The value of a key; nil where the file has none.
    package subscript(_ key: String) -> GGUFValue? { metadata.first { $0.key == key }?.value }

    package static func == (one: GGUFHeader, other: GGUFHeader) -> Bool {
        one.tensors == other.tensors && one.dataStart == other.dataStart
            && one.metadata.elementsEqual(other.metadata) { $0.key == $1.key && $0.value == $1.value }
    }

    /// - Parameter bytes: the whole file.
    package init(_ bytes: UnsafeRawBufferPointer) throws(GGUFError.Problem) {
        guard bytes.prefix(4).elementsEqual(Self.magic) else { throw .notGGUF(start: Array(bytes.prefix(4))) }
        var cursor = ByteCursor(UnsafeRawBufferPointer(rebasing: bytes.dropFirst(4)))
        let version: UInt32 = try cursor.integer("the version")
        guard version != Self.version.byteSwapped else { throw .bigEndian }
        guard version == Self.version else { throw .version(found: version) }
        // A name of at least a byte, dimensions, one size, a type and an offset.
        let tensorCount = try cursor.count("tensors", least: 9 + 4 + 8 + 4 + 8)
        // A name of at least a byte, a type, a value of at least a byte.
        let keyCount = try cursor.count("keys", least: 9 + 4 + 1)
        try readMetadata(keyCount, &cursor)
        let alignment = try alignment()
        let infos = try Self.tensorInfos(tensorCount, &cursor)
        // The cursor began after the magic bytes.
        dataStart = Self.padded(cursor.position + 4, to: alignment)
        try place(infos, alignment, fileBytes: bytes.count)
    }

    private mutating func readMetadata(_ count: Int, _ cursor: inout ByteCursor) throws(GGUFError.Problem) {
        var keys: Set<String> = []
        for index in 0..<count {
            let key = try cursor.string("the name of key \(index)")
            guard !key.isEmpty else { throw .emptyName(what: "the name of key \(index)") }
            guard keys.insert(key).inserted else { throw .duplicateKey(key) }
            metadata.append((key, try cursor.value(of: key)))
        }
    }

    private func alignment() throws(GGUFError.Problem) -> Int {
        guard let value = self[Self.alignmentKey] else { return Self.defaultAlignment }
        guard case .unsigned32(let alignment) = value, alignment.nonzeroBitCount == 1 else {
            throw .alignment(found: value.summary)
        }
        return Int(alignment)
    }

    private struct TensorInfo {
        let name: String
        let type: GGUFTensorType
        /// Outermost first.
        let shape: [UInt64]
        let offset: UInt64
    }

    private static func tensorInfos(
        _ count: Int, _ cursor: inout ByteCursor
    ) throws(GGUFError.Problem) -> [TensorInfo] {
        var infos: [TensorInfo] = []
        var names: Set<String> = []
        for index in 0..<count {
            let name = try cursor.string("the name of tensor \(index)")
            guard !name.isEmpty else { throw .emptyName(what: "the name of tensor \(index)") }
            guard names.insert(name).inserted else { throw .duplicateTensor(name) }
            let dimensions: UInt32 = try cursor.integer("the dimensions of tensor \(name)")
            guard (1...4).contains(dimensions) else { throw .dimensions(tensor: name, found: dimensions) }
            var sizes: [UInt64] = []
            for _ in 0..<dimensions { sizes.append(try cursor.integer("the sizes of tensor \(name)")) }
            let code: UInt32 = try cursor.integer("the type of tensor \(name)")
            guard let type = GGUFTensorType(rawValue: code) else {
                throw .unknownTensorType(tensor: name, found: code)
            }
            let offset: UInt64 = try cursor.integer("the offset of tensor \(name)")
            infos.append(TensorInfo(name: name, type: type, shape: sizes.reversed(), offset: offset))
        }
        return infos
    }

    /// Gives every tensor its bytes.
    private mutating func place(
        _ infos: [TensorInfo], _ alignment: Int, fileBytes: Int
    ) throws(GGUFError.Problem) {
        let dataBytes = max(fileBytes - dataStart, 0)
        var (end, padded) = (0, 0)
        for info in infos {
            let count = try info.type.byteCount(ofTensor: info.name, shape: info.shape)
            guard info.offset == UInt64(padded) else {
                throw .offset(tensor: info.name, found: info.offset, expected: padded)
            }
            guard count <= dataBytes - min(padded, dataBytes) else {
                let (end, overflows) = padded.addingReportingOverflow(count)
                throw .dataBeyondEnd(tensor: info.name, end: overflows ? .max : end, dataBytes: dataBytes)
            }
            end = padded + count
            // Of an empty tensor the place may be beyond the end.
            let start = min(dataStart + min(padded, dataBytes), fileBytes)
            tensors.append(
                GGUFTensor(
                    name: info.name, type: info.type, shape: info.shape.map { Int(clamping: $0) },
                    byteRange: start..<start + count))
            padded = Self.padded(end, to: alignment)
        }
        guard dataBytes <= padded else { throw .bytesLeftOver(found: dataBytes, expected: end) }
    }

    /// The next multiple of an alignment, which is a power of two.
    static func padded(_ count: Int, to alignment: Int) -> Int { (count + alignment - 1) & ~(alignment - 1) }
}

extension ByteCursor {
    mutating func value(of key: String) throws(GGUFError.Problem) -> GGUFValue {
        switch try valueType(of: key) {
        case .unsigned8: .unsigned8(try integer("key \(key)"))
        case .signed8: .signed8(try integer("key \(key)"))
        case .unsigned16: .unsigned16(try integer("key \(key)"))
        case .signed16: .signed16(try integer("key \(key)"))
        case .unsigned32: .unsigned32(try integer("key \(key)"))
        case .signed32: .signed32(try integer("key \(key)"))
        case .float32: .float32(Float(bitPattern: try integer("key \(key)")))
        case .boolean: .boolean(try boolean(key))
        case .string: .string(try string("key \(key)"))
        case .array: .array(try array(key))
        case .unsigned64: .unsigned64(try integer("key \(key)"))
        case .signed64: .signed64(try integer("key \(key)"))
        case .float64: .float64(Double(bitPattern: try integer("key \(key)")))
        }
    }

    private mutating func valueType(of key: String) throws(GGUFError.Problem) -> GGUFValueType {
        let code: UInt32 = try integer("the type of key \(key)")
        guard let type = GGUFValueType(rawValue: code) else { throw .unknownValueType(key: key, found: code) }
        return type
    }

    private mutating func boolean(_ key: String) throws(GGUFError.Problem) -> Bool {
        let byte: UInt8 = try integer("key \(key)")
        guard byte <= 1 else { throw .notBoolean(key: key, found: byte) }
        return byte == 1
    }

    private mutating func array(_ key: String) throws(GGUFError.Problem) -> GGUFArray {
        let type = try valueType(of: key)
        guard type != .array else { throw .arrayOfArrays(key: key) }
        let count = try count("elements of key \(key)", least: type.leastBytes)
        switch type {
        case .unsigned8: return .unsigned8(try integers(key, count))
        case .signed8: return .signed8(try integers(key, count))
        case .unsigned16: return .unsigned16(try integers(key, count))
        case .signed16: return .signed16(try integers(key, count))
        case .unsigned32: return .unsigned32(try integers(key, count))
        case .signed32: return .signed32(try integers(key, count))
        case .unsigned64: return .unsigned64(try integers(key, count))
        case .signed64: return .signed64(try integers(key, count))
        case .float32:
            return .float32(try (integers(key, count) as [UInt32]).map(Float.init(bitPattern:)))
        case .float64:
            return .float64(try (integers(key, count) as [UInt64]).map(Double.init(bitPattern:)))
        case .boolean:
            let bytes: [UInt8] = try integers(key, count)
            if let found = bytes.first(where: { $0 > 1 }) { throw .notBoolean(key: key, found: found) }
            return .boolean(bytes.map { $0 == 1 })
        case .string:
            var strings: [String] = []
            for index in 0..<count { strings.append(try string("element \(index) of key \(key)")) }
            return .string(strings)
        case .array: throw .arrayOfArrays(key: key)
        }
    }

    private mutating func integers<Value: FixedWidthInteger & BitwiseCopyable>(
        _ key: String, _ count: Int
    ) throws(GGUFError.Problem) -> [Value] {
        var values: [Value] = []
        values.reserveCapacity(count)
        for _ in 0..<count { values.append(try integer("key \(key)")) }
        return values
    }
}
