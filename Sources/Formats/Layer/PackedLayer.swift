import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// A packed layer of a checkpoint, as its configuration describes it: which tensors hold it, and what they mean.
package protocol PackedLayer: Sendable {
    /// The names of all tensors that hold the layer.
    var tensors: [String] { get }
    /// The one with the codes.
    var codes: String { get }
    /// The one with the scales, in whose type the layer is loaded.
    var scales: String { get }

    /// Checks that the tensors are there and fit each other, by what the files' headers say of them.
    /// - Parameter shape: what the shape must be; any if nil.
    func check(in source: any TensorSource, shape: (rows: Int, columns: Int)?) throws(FormatError)

    /// Calls `body` with the layer's matrix, which is valid only inside it, and with the type that its weights are rounded to
    /// when they are loaded.
    func withMatrix<Result>(
        in source: any TensorSource, shape: (rows: Int, columns: Int)?,
        _ body: (PackedMatrix, StoredFloat) throws(FormatError) -> Result
    ) throws(FormatError) -> Result
}

extension PackedLayer {
    /// What its numbers are made of, by what the files hold of it.
    package func scheme(in source: any TensorSource) throws(FormatError) -> LayerScheme {
        try withMatrix(in: source, shape: nil) { matrix, type throws(FormatError) in
            let middle = UInt8(truncatingIfNeeded: 1 << (matrix.codes.bits - 1))
            return LayerScheme(
                bits: matrix.codes.bits, layout: matrix.layout,
                isSymmetric: matrix.zeroPoints.columnMajorElements.allSatisfy { $0 == middle },
                scaleType: type.scaleType, twoLevel: matrix.twoLevel?.type)
        }
    }

    /// The layer's codes, scales and zero points.
    package func quantized(
        in source: any TensorSource, shape: (rows: Int, columns: Int)? = nil
    ) throws(FormatError) -> QuantizedMatrix {
        try withMatrix(in: source, shape: shape) { matrix, _ throws(FormatError) in matrix.unpacked() }
    }

    /// Rows of the dequantized weight, one a column of the result [in, ids.count].
    /// - Parameter outside: the error for a row that is not there, by the number of those that are.
    package func dequantizedRows<Failure: Error>(
        _ ids: [Int32], in source: any TensorSource, outside: (_ row: Int, _ rows: Int) -> Failure
    ) throws(FormatError) -> Result<Matrix<Float>, Failure> {
        try withMatrix(in: source, shape: nil) {
            (matrix, type) throws(FormatError) -> Result<Matrix<Float>, Failure> in
            let rows = matrix.layout.rows
            if let id = ids.first(where: { $0 < 0 || Int($0) >= rows }) { return .failure(outside(Int(id), rows)) }
            var result = Matrix<Float>(uninitialized: matrix.layout.columns, ids.count)
            let isFinite = result.withMutableView { target in
                matrix.dequantizeRows({ Int(ids[$0]) }, into: target, as: type)
            }
            guard isFinite else {
                throw .badContent(
                    try source.required(codes), "a dequantized weight is beyond \(type.elementType.rawValue)")
            }
            return .success(result)
        }
    }

    /// The dequantized weight [out, in]: the numbers that a loader computes with.
    package func dequantized(
        in source: any TensorSource, shape: (rows: Int, columns: Int)? = nil
    ) throws(FormatError) -> Matrix<Float> {
        try loaded(in: source, shape: shape).weight
    }

    /// The same with the type that these numbers are rounded to.
    package func loaded(
        in source: any TensorSource, shape: (rows: Int, columns: Int)? = nil
    ) throws(FormatError) -> (weight: Matrix<Float>, type: StoredFloat) {
        try withMatrix(in: source, shape: shape) { matrix, type throws(FormatError) in
            var result = Matrix<Float>(uninitialized: matrix.layout.rows, matrix.layout.columns)
            guard result.withMutableView({ matrix.dequantize(into: $0, as: type) }) else {
                throw .badContent(
                    try source.required(codes), "a dequantized weight is beyond \(type.elementType.rawValue)")
            }
            return (result, type)
        }
    }
}
