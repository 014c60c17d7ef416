import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices
import AdaDimSafetensors

/// A layer of a compressed-tensors checkpoint: the tensors of ``PackedTensor``, without zero points where the grids are symmetric.
struct CompressedTensorsLayer: PackedLayer {
    let module: String
    let scheme: PackedScheme

    var tensors: [String] {
        PackedTensor.allCases.filter { $0 != .zeroPoints || !scheme.isSymmetric }.map { $0.name(in: module) }
    }
    var codes: String { PackedTensor.codes.name(in: module) }
    var scales: String { PackedTensor.scales.name(in: module) }

    func check(in source: any TensorSource, shape: (rows: Int, columns: Int)?) throws(FormatError) {
        _ = try parts(in: source, shape: shape)
    }

    func withMatrix<Result>(
        in source: any TensorSource, shape: (rows: Int, columns: Int)?,
        _ body: (PackedMatrix, StoredFloat) throws(FormatError) -> Result
    ) throws(FormatError) -> Result {
        let parts = try parts(in: source, shape: shape)
        let layout = parts.layout
        let scales = try parts.scales.matrix(parts.type, rows: layout.scaleRows, columns: layout.scaleColumns)
        let zeroPoints = try zeroPoints(parts.zeroPoints, layout)
        return try parts.codes.withBytes { bytes throws(FormatError) in
            guard let base = bytes.baseAddress else { throw .badContent(parts.codes, "holds nothing") }
            let codes = PackedCodes(base: base, rows: layout.rows, columns: layout.columns, bits: scheme.bits)
            return try body(
                PackedMatrix(codes: codes, scales: scales, zeroPoints: zeroPoints, layout: layout), parts.type)
        }
    }

    /// The layer's tensors, which fit each other.
    private struct Parts {
        let layout: GroupLayout
        let codes: any StoredTensor
        let scales: any StoredTensor
        /// nil for symmetric grids.
        let zeroPoints: (any StoredTensor)?
        /// Of the scales.
        let type: StoredFloat
    }

    /// Finds the tensors, and checks their types and shapes; of their contents only the shape is read.
    private func parts(
        in source: any TensorSource, shape expected: (rows: Int, columns: Int)?
    ) throws(FormatError) -> Parts {
        let (rows, columns) = try storedShape(in: source)
        let codes = try source.required(codes)
        if let expected, expected != (rows, columns) {
            throw .wrongShape(
                tensor: source.storedName(of: module + ".weight"), file: codes.path, found: [rows, columns],
                expected: "[\(expected.rows), \(expected.columns)]")
        }
        guard let layout = scheme.layout(rows: rows, columns: columns) else {
            throw .badContent(codes, "\(scheme.groupWords) do not divide [\(rows), \(columns)]")
        }
        let counts = [layout.scaleRows, layout.scaleColumns]
        let zeroPoints = try zeroPointTensor(in: source)
        let scales = try source.required(scales)
        try codes.require(.signed32, [rows, PackedRows.wordsPerRow(columns: columns, bits: scheme.bits)])
        if scheme.packsZeroPoints {
            try zeroPoints?.require(
                .signed32, [PackedRows.wordsPerRow(columns: rows, bits: scheme.bits), layout.scaleColumns])
        } else {
            try zeroPoints?.require(.signed8, counts)
        }
        let type = try scales.floatType()
        try scales.require(type.elementType, counts)
        return Parts(layout: layout, codes: codes, scales: scales, zeroPoints: zeroPoints, type: type)
    }

    /// - Throws: where a symmetric layer has zero points all the same, which loaders may or may not use.
    private func zeroPointTensor(in source: any TensorSource) throws(FormatError) -> (any StoredTensor)? {
        let name = PackedTensor.zeroPoints.name(in: module)
        guard scheme.isSymmetric else { return try source.required(name) }
        if let tensor = source.tensor(name) {
            throw .badContent(tensor, "zero points, expected none: config.json says that the layer is symmetric")
        }
        return nil
    }

    private func storedShape(in source: any TensorSource) throws(FormatError) -> (rows: Int, columns: Int) {
        let tensor = try source.required(PackedTensor.shape.name(in: module))
        try tensor.require(.signed64, [2])
        let (rows, columns) = tensor.withBytes { bytes in
            (bytes.loadUnaligned(as: Int64.self), bytes.loadUnaligned(fromByteOffset: 8, as: Int64.self))
        }
        guard (1...Int64(Int32.max)).contains(rows), (1...Int64(Int32.max)).contains(columns) else {
            throw .badContent(tensor, "holds [\(rows), \(columns)], expected two positive sizes")
        }
        return (Int(rows), Int(columns))
    }

    /// Zero points as codes, shaped as the scales.
    private func zeroPoints(
        _ tensor: (any StoredTensor)?, _ layout: GroupLayout
    ) throws(FormatError) -> Matrix<UInt8> {
        let (rows, columns) = (layout.scaleRows, layout.scaleColumns)
        guard let tensor else {
            return Matrix(repeating: UInt8(truncatingIfNeeded: 1 << (scheme.bits - 1)), rows: rows, columns: columns)
        }
        guard scheme.packsZeroPoints else { return try signedZeroPoints(tensor, layout) }
        return tensor.withBytes { PackedZeroPoints.unpack($0, rows: rows, columns: columns, bits: scheme.bits) }
    }

    /// Those of blocks; stored are they less half of all codes, signed.
    private func signedZeroPoints(
        _ tensor: any StoredTensor, _ layout: GroupLayout
    ) throws(FormatError) -> Matrix<UInt8> {
        let half = 1 << (scheme.bits - 1)
        return try tensor.withBytes { bytes throws(FormatError) in
            if let outside = bytes.lazy.map({ Int8(bitPattern: $0) }).first(where: { !(-half..<half ~= Int($0)) }) {
                throw .badContent(tensor, "holds \(outside), expected \(-half) to \(half - 1) for \(scheme.bits) bits")
            }
            var result = Matrix<UInt8>(uninitialized: layout.scaleRows, layout.scaleColumns)
            // Read only.
            nonisolated(unsafe) let stored = bytes
            result.withMutableView { target in
                target.setRowRuns { row, columns, zeros in
                    let start = row * target.columns + columns.lowerBound
                    for c in 0..<columns.count { zeros[c] = stored[start + c] &+ UInt8(truncatingIfNeeded: half) }
                }
            }
            return result
        }
    }
}
