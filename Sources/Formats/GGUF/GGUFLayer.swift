import AdaDimGGUF
import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// A layer in blocks of 32: one tensor.
struct GGUFLayer: PackedLayer {
    let module: String
    let blocks: FlatBlocks
    let groupSize: Int

    var tensors: [String] { [codes] }
    var codes: String { module + ".weight" }
    var scales: String { codes }

    func check(in source: any TensorSource, shape: (rows: Int, columns: Int)?) throws(FormatError) {
        _ = try parts(in: source, shape: shape)
    }

    func withMatrix<Result>(
        in source: any TensorSource, shape: (rows: Int, columns: Int)?,
        _ body: (PackedMatrix, StoredFloat) throws(FormatError) -> Result
    ) throws(FormatError) -> Result {
        let (tensor, layout) = try parts(in: source, shape: shape)
        let content = try tensor.withBytes { bytes throws(FormatError) in
            do {
                return try blocks.unpacked(bytes, columns: layout.columns)
            } catch {
                throw .badContent(tensor, "\(error)")
            }
        }
        let (scales, zeroPoints, flipped) = try groups(content, layout, tensor)
        var codes = content.codes
        for group in flipped {
            for i in group * layout.groupSize..<(group + 1) * layout.groupSize { codes[i] = 15 - codes[i] }
        }
        return try PackedRows(
            packing: Matrix(rowMajor: codes, rows: layout.rows, columns: layout.columns), bits: blocks.bits
        ).withCodes { codes throws(FormatError) in
            try body(PackedMatrix(codes: codes, scales: scales, zeroPoints: zeroPoints, layout: layout), .float32)
        }
    }

    private func parts(
        in source: any TensorSource, shape: (rows: Int, columns: Int)?
    ) throws(FormatError) -> (tensor: any StoredTensor, GroupLayout) {
        let (tensor, rows, columns) = try Self.tensor(codes, blocks.type, in: source, shape: shape)
        guard columns.isMultiple(of: groupSize) else {
            throw .badContent(tensor, "has rows of \(columns), expected a multiple of the group size \(groupSize)")
        }
        return (
            tensor, GroupLayout(rows: rows, columns: columns, groupSize: groupSize, dimension: .perOutputChannel)
        )
    }

    /// The tensor of a layer, which is of a type and a shape.
    /// - Parameter expected: what the shape must be; any if nil.
    static func tensor(
        _ name: String, _ type: GGUFTensorType, in source: any TensorSource, shape expected: (rows: Int, columns: Int)?
    ) throws(FormatError) -> (tensor: any StoredTensor, rows: Int, columns: Int) {
        let tensor = try source.required(name)
        guard tensor.type == TensorType(type) else {
            throw .badContent(tensor, "holds \(tensor.type.name), expected \(type.name) by config.json")
        }
        // The shape is that of the bytes.
        guard tensor.shape.count == 2 else {
            throw .wrongShape(tensor: tensor.name, file: tensor.path, found: tensor.shape, expected: "two dimensions")
        }
        let (rows, columns) = (tensor.shape[0], tensor.shape[1] / type.blockBytes * type.blockLength)
        if let expected, expected != (rows, columns) {
            throw .wrongShape(
                tensor: tensor.name, file: tensor.path, found: [rows, columns],
                expected: "[\(expected.rows), \(expected.columns)]")
        }
        guard rows > 0, columns > 0 else { throw .badContent(tensor, "holds nothing") }
        return (tensor, rows, columns)
    }

    /// Scales and zero points of the groups, and those of them, row by row, whose codes are counted from the other end.
    private func groups(
        _ content: FlatBlocks.Content, _ layout: GroupLayout, _ tensor: any StoredTensor
    ) throws(FormatError) -> (scales: Matrix<Float>, zeroPoints: Matrix<UInt8>, flipped: [Int]) {
        let perGroup = layout.groupSize / FlatBlocks.length
        let count = layout.rows * layout.scaleColumns
        var scales = [Float](repeating: 0, count: count)
        var zeroPoints = [UInt8](repeating: UInt8(1 << (blocks.bits - 1)), count: count)
        var flipped: [Int] = []
        for group in 0..<count {
            let first = group * perGroup
            func badContent(_ reason: String) -> FormatError {
                .badContent(
                    tensor, "row \(group / layout.scaleColumns), group \(group % layout.scaleColumns): \(reason)")
            }
            for block in first..<first + perGroup
            where content.scales[block] != content.scales[first]
                || blocks.hasOffsets && content.offsets[block] != content.offsets[first]
            {
                throw badContent("its blocks have different scales or offsets, expected one of each")
            }
            scales[group] = content.scales[first]
            guard blocks.hasOffsets else { continue }
            let (d, m) = (content.scales[first], content.offsets[first])
            guard let found = Q41Group.group(d: d, m: m) else {
                throw badContent("the scale \(d) with the offset \(m) has no zero point from 0 to 15")
            }
            (scales[group], zeroPoints[group]) = found
            if d < 0 { flipped.append(group) }
        }
        return (
            Matrix(rowMajor: scales, rows: layout.rows, columns: layout.scaleColumns),
            Matrix(rowMajor: zeroPoints, rows: layout.rows, columns: layout.scaleColumns), flipped
        )
    }
}
