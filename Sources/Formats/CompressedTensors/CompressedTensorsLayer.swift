import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices
import AdaDimSafetensors

/// A layer of a compressed-tensors checkpoint: the four tensors of ``PackedTensor``.
struct CompressedTensorsLayer: PackedLayer {
    let module: String
    let blocks: PackedBlocks

    var tensors: [String] { PackedTensor.allCases.map { $0.name(in: module) } }
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
            let codes = PackedCodes(base: base, rows: layout.rows, columns: layout.columns, bits: blocks.bits)
            return try body(
                PackedMatrix(codes: codes, scales: scales, zeroPoints: zeroPoints, layout: layout), parts.type)
        }
    }

    /// The layer's tensors, which fit each other.
    private struct Parts {
        let layout: GroupLayout
        let codes: any StoredTensor
        let scales: any StoredTensor
        let zeroPoints: any StoredTensor
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
        guard rows.isMultiple(of: blocks.rows), columns.isMultiple(of: blocks.columns) else {
            throw .badContent(codes, "blocks [\(blocks.rows), \(blocks.columns)] do not divide [\(rows), \(columns)]")
        }
        let counts = [rows / blocks.rows, columns / blocks.columns]
        let zeroPoints = try source.required(PackedTensor.zeroPoints.name(in: module))
        let scales = try source.required(scales)
        try codes.require(.signed32, [rows, PackedRows.wordsPerRow(columns: columns, bits: blocks.bits)])
        try zeroPoints.require(.signed8, counts)
        let type = try scales.floatType()
        try scales.require(type.elementType, counts)
        let isPerInput = blocks.columns == 1 && blocks.rows > 1
        let layout = GroupLayout(
            rows: rows, columns: columns, groupSize: isPerInput ? blocks.rows : blocks.columns,
            dimension: isPerInput ? .perInputChannel : .perOutputChannel)
        return Parts(layout: layout, codes: codes, scales: scales, zeroPoints: zeroPoints, type: type)
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

    /// Zero points as codes, shaped as the scales; stored are they less half of all codes, signed.
    private func zeroPoints(_ tensor: any StoredTensor, _ layout: GroupLayout) throws(FormatError) -> Matrix<UInt8> {
        let half = 1 << (blocks.bits - 1)
        return try tensor.withBytes { bytes throws(FormatError) in
            if let outside = bytes.lazy.map({ Int8(bitPattern: $0) }).first(where: { !(-half..<half ~= Int($0)) }) {
                throw .badContent(tensor, "holds \(outside), expected \(-half) to \(half - 1) for \(blocks.bits) bits")
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
