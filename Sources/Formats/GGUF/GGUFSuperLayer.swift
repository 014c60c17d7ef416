import AdaDimGGUF
import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// A layer in blocks of 256 with scales on two levels: one tensor.
struct GGUFSuperLayer: PackedLayer {
    let module: String
    let type: TwoLevelType

    var tensors: [String] { [codes] }
    var codes: String { module + ".weight" }
    var scales: String { codes }

    func check(in source: any TensorSource, shape: (rows: Int, columns: Int)?) throws(FormatError) {
        _ = try GGUFLayer.tensor(codes, type.tensorType, in: source, shape: shape)
    }

    func withMatrix<Result>(
        in source: any TensorSource, shape: (rows: Int, columns: Int)?,
        _ body: (PackedMatrix, StoredFloat) throws(FormatError) -> Result
    ) throws(FormatError) -> Result {
        let (tensor, rows, columns) = try GGUFLayer.tensor(codes, type.tensorType, in: source, shape: shape)
        let content = try tensor.withBytes { bytes throws(FormatError) in
            do {
                return try SuperBlocks.unpacked(bytes, type, rows: rows, columns: columns)
            } catch {
                throw .badContent(tensor, "\(error)")
            }
        }
        return try PackedRows(
            packing: Matrix(rowMajor: content.codes, rows: rows, columns: columns), bits: type.bits
        ).withCodes { codes throws(FormatError) in
            try body(PackedMatrix(codes: codes, twoLevel: content.scales), .float32)
        }
    }
}
