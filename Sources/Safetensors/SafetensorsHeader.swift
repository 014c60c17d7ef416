/// A checked header: tensors in the order of their data, which they cover without overlap or hole.
struct SafetensorsHeader {
    var tensors: [TensorEntry] = []
    var metadata: [String: String] = [:]

    /// - Parameters:
    ///   - json: the header's bytes.
    ///   - dataStart: where the data begin, in bytes from the start of the file.
    ///   - dataBytes: how many bytes follow from there.
    init(json: UnsafeRawBufferPointer, dataStart: Int, dataBytes: Int) throws(SafetensorsError.Problem) {
        let raw = try RawHeader([UInt8](json))
        metadata = raw.metadata
        tensors.reserveCapacity(raw.tensors.count)
        for (name, entry) in raw.tensors {
            tensors.append(try Self.check(name, entry, dataStart: dataStart, dataBytes: dataBytes))
        }
        // Empty tensors sort before the one that begins where they do; the name makes the order unique.
        tensors.sort {
            ($0.byteRange.lowerBound, $0.byteRange.upperBound, $0.name)
                < ($1.byteRange.lowerBound, $1.byteRange.upperBound, $1.name)
        }
        var end = dataStart
        var previous = ""
        for tensor in tensors {
            let begin = tensor.byteRange.lowerBound
            guard begin >= end else {
                throw .overlap(
                    tensor: tensor.name, begin: begin - dataStart, previous: previous, previousEnd: end - dataStart)
            }
            guard begin == end else {
                throw .hole(tensor: tensor.name, begin: begin - dataStart, expected: end - dataStart)
            }
            end = tensor.byteRange.upperBound
            previous = tensor.name
        }
        guard end - dataStart == dataBytes else { throw .bytesLeftOver(found: dataBytes, expected: end - dataStart) }
    }

    private static func check(
        _ name: String, _ entry: RawEntry, dataStart: Int, dataBytes: Int
    ) throws(SafetensorsError.Problem) -> TensorEntry {
        guard case .fields(let typeName, let shape, let offsets) = entry else {
            if case .malformed(let reason) = entry { throw .badEntry(tensor: name, reason: reason) }
            throw .badEntry(tensor: name, reason: "not an object")
        }
        guard let elementType = TensorElementType(rawValue: typeName) else {
            throw .unknownElementType(tensor: name, found: typeName)
        }
        guard shape.allSatisfy({ $0 >= 0 }) else { throw .negativeSize(tensor: name, shape: shape) }
        guard let expected = elementType.byteCount(of: shape) else {
            throw .sizeOverflow(tensor: name, shape: shape, elementType: elementType)
        }
        guard offsets.count == 2, 0 <= offsets[0], offsets[0] <= offsets[1] else {
            throw .badOffsets(tensor: name, offsets: offsets)
        }
        guard offsets[1] <= dataBytes else {
            throw .offsetsBeyondEnd(tensor: name, end: offsets[1], dataBytes: dataBytes)
        }
        guard offsets[1] - offsets[0] == expected else {
            throw .wrongByteCount(tensor: name, found: offsets[1] - offsets[0], expected: expected)
        }
        return TensorEntry(
            name: name, elementType: elementType, shape: shape,
            byteRange: dataStart + offsets[0]..<dataStart + offsets[1])
    }
}
