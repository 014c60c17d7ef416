import AdaDimCheckpoint
import AdaDimLinearAlgebra

extension LayerFile {
    /// X [in, tokens], a token a column, all of it at once; nil where the file has a Gram matrix instead.
    /// - Throws: ``LayerFileError`` for NaN and infinity.
    package func activations() throws(LayerFileError) -> Matrix<Float>? {
        guard case .activations(let entry, let type, let tokens) = calibration else { return nil }
        var activations = Matrix<Float>(uninitialized: columns, tokens)
        try activations.withMutableView { (view) throws(LayerFileError) in
            // A token is a row of the file and a column of X: nothing is transposed.
            try withStored(entry, type, rows: tokens) { (stored) throws(LayerFileError) in
                if !stored.readRows({ $0 }, into: view), let found = stored.firstNotFinite(rows: 0..<tokens) {
                    throw failure(
                        .notFinite(
                            tensor: entry.name, value: Double(found.value),
                            index: Self.index(ofToken: found.row, in: entry.shape) + [found.column]))
                }
            }
        }
        return activations
    }
}
