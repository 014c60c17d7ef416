import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices
import AdaDimSafetensors

/// A layer of an MLX checkpoint: the three tensors of ``MLXTensor``. Its values are not rounded when they are loaded.
struct MLXLayer: PackedLayer {
    let module: String
    let scheme: MLXScheme
    let dimension: ChannelDimension

    var tensors: [String] { MLXTensor.allCases.map { $0.name(in: module) } }
    var codes: String { MLXTensor.codes.name(in: module) }
    var scales: String { MLXTensor.scales.name(in: module) }
    private var isTransposed: Bool { dimension == .perInputChannel }
    /// The key of config.json that lists it.
    private var listKey: String { isTransposed ? MLXConfiguration.perInputKey : MLXConfiguration.perOutputKey }

    func check(in source: any TensorSource, shape: (rows: Int, columns: Int)?) throws(FormatError) {
        _ = try parts(in: source, shape: shape)
    }

    func withMatrix<Result>(
        in source: any TensorSource, shape: (rows: Int, columns: Int)?,
        _ body: (PackedMatrix, StoredFloat) throws(FormatError) -> Result
    ) throws(FormatError) -> Result {
        let parts = try parts(in: source, shape: shape)
        let (layout, bits) = (parts.layout, scheme.bits)
        let scales = try values(parts.scales, parts.scaleType, layout)
        let zeroPoints = try zeroPoints(try values(parts.biases, parts.biasType, layout), scales, parts)
        return try parts.codes.withBytes { bytes throws(FormatError) in
            guard let base = bytes.baseAddress else { throw .badContent(parts.codes, "holds nothing") }
            guard isTransposed else {
                let codes = PackedCodes(base: base, rows: layout.rows, columns: layout.columns, bits: bits)
                return try body(
                    PackedMatrix(codes: codes, scales: scales, zeroPoints: zeroPoints, layout: layout), .float32)
            }
            // Transposed, in memory of its own.
            let stored = PackedCodes(base: base, rows: layout.columns, columns: layout.rows, bits: bits).unpacked()
            return try PackedRows(packing: stored.transposed(), bits: bits).withCodes { codes throws(FormatError) in
                try body(
                    PackedMatrix(codes: codes, scales: scales, zeroPoints: zeroPoints, layout: layout), .float32)
            }
        }
    }

    /// The layer's tensors, which fit each other.
    private struct Parts {
        let layout: GroupLayout
        let codes: any StoredTensor
        let scales: any StoredTensor
        let biases: any StoredTensor
        let scaleType: StoredFloat
        let biasType: StoredFloat
    }

    /// Finds the tensors, and checks their types and shapes; contents are not read.
    private func parts(
        in source: any TensorSource, shape expected: (rows: Int, columns: Int)?
    ) throws(FormatError) -> Parts {
        let codes = try source.required(codes)
        guard codes.elementType == .unsigned32 else {
            throw .wrongElementType(
                tensor: codes.name, file: codes.path, found: codes.elementType,
                expected: "\(TensorElementType.unsigned32.rawValue), since \(listKey) in config.json lists the layer")
        }
        guard codes.shape.count == 2, let stored = codes.shape.first, let words = codes.shape.last,
            words > 0, stored > 0, words <= Int(Int32.max) / 32, stored <= Int(Int32.max)
        else {
            throw .wrongShape(
                tensor: codes.name, file: codes.path, found: codes.shape, expected: "two sizes, rows and words of a row"
            )
        }
        // As it is stored: groups run along a row.
        let length = words * 32 / scheme.bits
        guard (words * 32).isMultiple(of: scheme.bits), length.isMultiple(of: scheme.groupSize) else {
            throw .badContent(
                codes, "\(words) words a row are no whole groups of \(scheme.groupSize) codes of \(scheme.bits) bits")
        }
        let (rows, columns) = isTransposed ? (length, stored) : (stored, length)
        if let expected, expected != (rows, columns) {
            throw .wrongShape(
                tensor: codes.name, file: codes.path, found: [rows, columns],
                expected: "[\(expected.rows), \(expected.columns)]")
        }
        let counts = [stored, length / scheme.groupSize]
        let (scales, biases) = (try source.required(scales), try source.required(MLXTensor.biases.name(in: module)))
        let (scaleType, biasType) = (try scales.floatType(), try biases.floatType())
        try scales.require(scaleType.elementType, counts)
        try biases.require(biasType.elementType, counts)
        return Parts(
            layout: GroupLayout(rows: rows, columns: columns, groupSize: scheme.groupSize, dimension: dimension),
            codes: codes, scales: scales, biases: biases, scaleType: scaleType, biasType: biasType)
    }

    /// A number for each group, shaped as the layout's scales.
    private func values(
        _ tensor: any StoredTensor, _ type: StoredFloat, _ layout: GroupLayout
    ) throws(FormatError) -> Matrix<Float> {
        guard isTransposed else { return try tensor.matrix(type, rows: layout.scaleRows, columns: layout.scaleColumns) }
        return try tensor.matrix(type, rows: layout.scaleColumns, columns: layout.scaleRows).transposed()
    }

    /// The whole zero points that the biases stand for, shaped as the scales.
    private func zeroPoints(
        _ biases: Matrix<Float>, _ scales: Matrix<Float>, _ parts: Parts
    ) throws(FormatError) -> Matrix<UInt8> {
        let largest = Float((1 << scheme.bits) - 1)
        var zeros: [UInt8] = []
        zeros.reserveCapacity(biases.rows * biases.columns)
        for (bias, scale) in zip(biases.columnMajorElements, scales.columnMajorElements) {
            let zero = scale == 0 ? 0 : (-bias / scale).rounded()
            guard (0...largest).contains(zero), parts.biasType.rounded(-zero * scale) == bias else {
                throw .badContent(
                    parts.biases,
                    "holds \(bias) beside the scale \(scale), expected −zero·scale for a whole zero point from 0 to "
                        + "\(Int(largest))")
            }
            zeros.append(UInt8(zero))
        }
        return Matrix(columnMajor: zeros, rows: biases.rows, columns: biases.columns)
    }
}
