import AdaDimCheckpoint
import AdaDimLinearAlgebra
import AdaDimSafetensors

extension LayerFile {
    /// W [out, in], read from the file each time.
    /// - Throws: ``LayerFileError`` for NaN and infinity.
    package var weight: Matrix<Float> {
        get throws(LayerFileError) { try weight(rows: 0..<rows) }
    }

    /// Some rows of W, [range.count, in]. The memory into which they were read is released.
    /// - Throws: ``LayerFileError`` for NaN and infinity.
    package func weight(rows range: Range<Int>) throws(LayerFileError) -> Matrix<Float> {
        precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) of \(rows)")
        let rowBytes = columns * weightType.byteWidth
        let bytes = range.lowerBound * rowBytes..<range.upperBound * rowBytes
        defer { file.releasePages(of: weightEntry, bytes: bytes) }
        return try withStored(weightEntry, weightType, rows: rows) { stored throws(LayerFileError) in
            let panel = stored.panel(range)
            var result = Matrix<Float>(uninitialized: range.count, columns)
            let finite = result.withMutableView { panel.read(into: $0) }
            if !finite, let found = stored.firstNotFinite(rows: range) {
                throw failure(
                    .notFinite(tensor: weightEntry.name, value: Double(found.value), index: [found.row, found.column]))
            }
            return result
        }
    }

    /// Calls `body` with a tensor as a matrix [rows, in].
    func withStored<Result, Failure: Error>(
        _ tensor: TensorEntry, _ type: StoredFloat, rows: Int, _ body: (StoredMatrix) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try file.withBytes(of: tensor) { (bytes) throws(Failure) in
            guard let base = bytes.baseAddress else { preconditionFailure("tensor \(tensor.name) without elements") }
            return try body(StoredMatrix(base: base, type: type, rows: rows, columns: columns))
        }
    }

    func failure(_ problem: LayerFileError.Problem) -> LayerFileError { LayerFileError(file: path, problem) }
}
