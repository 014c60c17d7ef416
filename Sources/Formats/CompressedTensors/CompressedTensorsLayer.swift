import AdaDimLinearAlgebra
import AdaDimSafetensors

// Packed layers (compressed-tensors) as matrices of floats. The tensors of layer L: L.weight_packed, L.weight_scale,
// L.weight_zero_point, L.weight_shape.

/// What stands in a packed checkpoint for a layer's weight.
package enum PackedTensor: String, CaseIterable, Sendable {
    case codes = "weight_packed"
    case scales = "weight_scale"
    case zeroPoints = "weight_zero_point"
    case shape = "weight_shape"

    package func name(in module: String) -> String { "\(module).\(rawValue)" }
}

extension Checkpoint {
    /// The module of a weight that is stored packed; nil for any other name.
    func packedModule(of weightName: String) -> String? {
        guard let packing, weightName.hasSuffix(".weight") else { return nil }
        let module = String(weightName.dropLast(".weight".count))
        return packing.layers[module] == nil ? nil : module
    }

    /// The weight [out, in] of a packed module.
    func packedMatrix(
        _ module: String, shape expected: (rows: Int, columns: Int)?
    ) throws(CheckpointError) -> Matrix<Float> {
        let tensors = try packedTensors(module, shape: expected)
        let (codes, scheme) = (tensors.codes, tensors.scheme)
        let scales = try floats(tensors.scales, tensors.type)
        let zeroPoints = try zeros(tensors.zeroPoints, bits: scheme.bits)
        var result = Matrix<Float>(uninitialized: tensors.rows, tensors.columns)
        let finite = codes.file.withBytes(of: codes.entry) { bytes in
            // Without an address there are no elements either.
            guard let base = bytes.baseAddress else { return true }
            let layer = PackedLayer(
                rows: tensors.rows, columns: tensors.columns, scheme: scheme, codes: base, scales: scales,
                zeroPoints: zeroPoints, type: tensors.type)
            return result.withMutableView { layer.dequantize(into: $0) }
        }
        guard finite else {
            throw .badCode(
                tensor: codes.entry.name, file: codes.file.path,
                reason: "a dequantized weight is beyond \(tensors.type.elementType.rawValue)")
        }
        return result
    }

    /// The tensors of a packed module, which fit each other.
    struct PackedTensors {
        let rows: Int
        let columns: Int
        let scheme: PackingScheme.Layer
        let codes: Location
        let scales: Location
        let zeroPoints: Location
        /// Of the scales.
        let type: StoredFloat
    }

    /// Finds a packed module's tensors, and checks their types and shapes; of their contents only the shape is read.
    func packedTensors(
        _ module: String, shape expected: (rows: Int, columns: Int)?
    ) throws(CheckpointError) -> PackedTensors {
        guard let scheme = packing?.layers[module] else {
            throw .missingTensor(name: naming.stored(module + ".weight"), directory: directory.path)
        }
        let (rows, columns) = try packedShape(module)
        let codes = try location(of: PackedTensor.codes.name(in: module))
        if let expected, expected != (rows, columns) {
            throw .wrongShape(
                tensor: naming.stored(module + ".weight"), file: codes.file.path, found: [rows, columns],
                expected: "[\(expected.rows), \(expected.columns)]")
        }
        guard rows.isMultiple(of: scheme.blockRows), columns.isMultiple(of: scheme.blockColumns) else {
            throw .badCode(
                tensor: codes.entry.name, file: codes.file.path,
                reason: "blocks [\(scheme.blockRows), \(scheme.blockColumns)] do not divide [\(rows), \(columns)]")
        }
        let blocks = [rows / scheme.blockRows, columns / scheme.blockColumns]
        let zeroPoints = try location(of: PackedTensor.zeroPoints.name(in: module))
        let scales = try location(of: PackedTensor.scales.name(in: module))
        try check(codes, .signed32, [rows, (columns * scheme.bits + 31) / 32])
        try check(zeroPoints, .signed8, blocks)
        let type = try storedType(scales)
        try check(scales, type.elementType, blocks)
        return PackedTensors(
            rows: rows, columns: columns, scheme: scheme, codes: codes, scales: scales, zeroPoints: zeroPoints,
            type: type)
    }

    private func packedShape(_ module: String) throws(CheckpointError) -> (rows: Int, columns: Int) {
        let location = try location(of: PackedTensor.shape.name(in: module))
        try check(location, .signed64, [2])
        let (rows, columns) = location.file.withBytes(of: location.entry) { bytes in
            (bytes.loadUnaligned(as: Int64.self), bytes.loadUnaligned(fromByteOffset: 8, as: Int64.self))
        }
        guard (1...Int64(Int32.max)).contains(rows), (1...Int64(Int32.max)).contains(columns) else {
            throw .badCode(
                tensor: location.entry.name, file: location.file.path,
                reason: "holds [\(rows), \(columns)], expected two positive sizes")
        }
        return (Int(rows), Int(columns))
    }

    private func zeros(_ location: Location, bits: Int) throws(CheckpointError) -> [Int8] {
        let values = location.file.withBytes(of: location.entry) { bytes in bytes.map { Int8(bitPattern: $0) } }
        let half = 1 << (bits - 1)
        if let outside = values.first(where: { Int($0) < -half || Int($0) >= half }) {
            throw .badCode(
                tensor: location.entry.name, file: location.file.path,
                reason: "holds \(outside), expected \(-half) to \(half - 1) for \(bits) bits")
        }
        return values
    }

    private func check(
        _ location: Location, _ type: TensorElementType, _ shape: [Int]
    ) throws(CheckpointError) {
        let entry = location.entry
        guard entry.elementType == type else {
            throw .wrongElementType(
                tensor: entry.name, file: location.file.path, found: entry.elementType, expected: type.rawValue)
        }
        guard entry.shape == shape else {
            throw .wrongShape(
                tensor: entry.name, file: location.file.path, found: entry.shape,
                expected: "[\(shape.map(String.init).joined(separator: ", "))]")
        }
    }
}
