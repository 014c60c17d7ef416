import AdaDimCheckpoint
import AdaDimLinearAlgebra
import AdaDimSafetensors

extension LayerFile {
    /// H = X·Xᵀ [in, in]: of the activations, panel of tokens after panel, or the file's own, whose upper triangle
    /// counts where the two differ by a rounding.
    /// - Parameter between: called after every panel of tokens, or of the file's Gram matrix, with the share that is
    ///   done; what it throws ends the work.
    /// - Throws: ``LayerFileError`` for NaN and infinity, and for a `gram` that is none.
    package func makeGram(between: (_ share: Double) throws -> Void = { _ in }) throws -> Gram<Float> {
        switch calibration {
        case .activations(let entry, let type, let tokens):
            return try gram(of: entry, type, tokens: tokens, between: between)
        case .gram(let entry):
            return try Gram(symmetricMatrix(entry, between: between), tokens: tokenCount ?? 0)
        }
    }

    private func gram(
        of entry: TensorEntry, _ type: StoredFloat, tokens: Int, between: (Double) throws -> Void
    ) throws -> Gram<Float> {
        var gram = try Gram<Float>(order: columns)
        var panel = Matrix<Float>(uninitialized: columns, tokensAtOnce)
        for start in stride(from: 0, to: tokens, by: tokensAtOnce) {
            let range = start..<min(start + tokensAtOnce, tokens)
            try panel.withMutableView { (view) throws(LayerFileError) in
                let target = view[rows: 0..<columns, columns: 0..<range.count]
                // A token is a row of the file and a column of X: nothing is transposed.
                try withStored(entry, type, rows: tokens) { (stored) throws(LayerFileError) in
                    if !stored.readRows({ start + $0 }, into: target),
                        let found = stored.firstNotFinite(rows: range)
                    {
                        throw failure(
                            .notFinite(
                                tensor: entry.name, value: Double(found.value),
                                index: Self.index(ofToken: found.row, in: entry.shape) + [found.column]))
                    }
                }
                gram.accumulate(finite: target.reading)
            }
            let rowBytes = columns * type.byteWidth
            file.releasePages(of: entry, bytes: range.lowerBound * rowBytes..<range.upperBound * rowBytes)
            try between(Double(range.upperBound) / Double(tokens))
        }
        return gram
    }

    /// [token], or [sequence, token] of a tensor [batch, tokens, in].
    static func index(ofToken token: Int, in shape: [Int]) -> [Int] {
        shape.count == 3 ? [token / shape[1], token % shape[1]] : [token]
    }

    /// The tensor's transpose: rows of the file are columns of the matrix.
    private func symmetricMatrix(
        _ entry: TensorEntry, between: (Double) throws -> Void
    ) throws -> Matrix<Float> {
        var matrix = Matrix<Float>(uninitialized: columns, columns)
        let rowBytes = entry.byteRange.count / columns
        // Some 64 MB of the file are in memory at the same time.
        let panel = max(1, (64 << 20) / rowBytes)
        for start in stride(from: 0, to: columns, by: panel) {
            let range = start..<min(start + panel, columns)
            file.withBytes(of: entry) { bytes in
                let stored = StoredSquare(bytes: bytes, elementType: entry.elementType, order: columns)
                matrix.withMutableView { stored.read(range, into: $0) }
            }
            file.releasePages(of: entry, bytes: range.lowerBound * rowBytes..<range.upperBound * rowBytes)
            try between(Double(range.upperBound) / Double(columns))
        }
        let problem = matrix.withView { SymmetryCheck(matrix: $0).problem }
        guard let problem else { return matrix }
        if case .notFinite(let tensor, let value, let index) = problem, entry.elementType == .float64 {
            // The number as the file has it may be finite.
            let stored: Double = file.withBytes(of: entry) { bytes in
                bytes.loadUnaligned(fromByteOffset: 8 * (index[0] * columns + index[1]), as: Double.self)
            }
            throw failure(.notFinite(tensor: tensor, value: stored.isFinite ? stored : value, index: index))
        }
        throw failure(problem)
    }
}

/// A matrix [order, order] as a view of a file, row-major.
private struct StoredSquare: @unchecked Sendable {
    let bytes: UnsafeRawBufferPointer
    /// F32 or F64.
    let elementType: TensorElementType
    let order: Int

    /// Writes each of some rows into the column of its index, rounded to Float, on all threads.
    func read(_ range: Range<Int>, into target: MutableMatrixView<Float>) {
        concurrently(range.count, by: 16) { run in
            for i in range.lowerBound + run.lowerBound..<range.lowerBound + run.upperBound {
                let column = target.column(i)
                if elementType == .float64 {
                    let start = 8 * i * order
                    for j in 0..<order {
                        column[j] = Float(bytes.loadUnaligned(fromByteOffset: start &+ 8 &* j, as: Double.self))
                    }
                } else {
                    let start = 4 * i * order
                    for j in 0..<order {
                        column[j] = bytes.loadUnaligned(fromByteOffset: start &+ 4 &* j, as: Float.self)
                    }
                }
            }
        }
    }
}
