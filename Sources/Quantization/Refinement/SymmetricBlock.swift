import AdaDimLinearAlgebra

/// H + λI [in, in], in the factor's order of columns, from where a ``GramFactor`` keeps it: the strict lower triangle
/// of its storage, and the diagonal apart.
struct StoredGram<S: RealScalar>: Sendable {
    let storage: MatrixView<S>
    let diagonal: MatrixView<S>

    var order: Int { storage.columns }

    @inline(__always)
    subscript(i: Int, j: Int) -> S { i > j ? storage[i, j] : i < j ? storage[j, i] : diagonal[i, 0] }

    /// Copies column j.
    func copyColumn(_ j: Int, to target: UnsafeMutablePointer<S>) {
        for i in 0..<j { target[i] = storage[j, i] }
        target[j] = diagonal[j, 0]
        let below = order - j - 1
        if below > 0 { (target + j + 1).update(from: storage.column(j) + j + 1, count: below) }
    }

    /// target ← errors·H[:, columns], [rows, columns.count]: 2·rows·in·columns.count flops.
    /// - Parameter square: H[columns, columns].
    func multiply(
        _ errors: MatrixView<S>, columns: Range<Int>, square: MatrixView<S>, into target: MutableMatrixView<S>
    ) {
        let rows = 0..<errors.rows
        gemm(1, errors[rows: rows, columns: columns], .none, square, .none, 0, target)
        if columns.lowerBound > 0 {
            let before = 0..<columns.lowerBound
            gemm(
                1, errors[rows: rows, columns: before], .none, storage[rows: columns, columns: before], .transposed, 1,
                target)
        }
        if columns.upperBound < order {
            let after = columns.upperBound..<order
            gemm(
                1, errors[rows: rows, columns: after], .none, storage[rows: after, columns: columns], .none, 1, target)
        }
    }
}

/// H's square on one block of columns: as a matrix, and in strips of eight columns as the tile kernels read it, element
/// (k, c) of a strip at 8·k + c. Columns that the last strip lacks are zero.
struct SymmetricBlock<S: RealScalar>: Sendable {
    /// Of the matrix, in the factor's order.
    let columns: Range<Int>
    /// Of the block, from 0: eight to a strip.
    let strips: [Range<Int>]
    private let dense: Workspace<S>
    private let packed: Workspace<S>
    private let inverses: Workspace<S>

    /// H[columns, columns].
    var square: MatrixView<S> { dense.view.reading }
    /// 1/Hⱼⱼ; 0 where that is beyond all numbers.
    var reciprocals: UnsafePointer<S> { UnsafePointer(inverses.view.base) }

    /// Row k of the block in a strip: its eight columns.
    @inline(__always)
    func row(_ k: Int, ofStrip index: Int) -> UnsafePointer<S> {
        UnsafePointer(packed.view.column(index)) + TileKernels.stripWidth * k
    }

    init(_ gram: StoredGram<S>, columns: Range<Int>) throws(QuantizationError) {
        self.columns = columns
        let (width, first) = (TileKernels.stripWidth, columns.lowerBound)
        strips = stride(from: 0, to: columns.count, by: width).map { $0..<min($0 + width, columns.count) }
        dense = try Workspace(columns.count, by: columns.count)
        packed = try Workspace(width * columns.count, by: strips.count)
        inverses = try Workspace(columns.count, by: 1)
        packed.view.fill(with: 0)
        for j in 0..<columns.count {
            let (strip, place) = (packed.view.column(j / width), j % width)
            for k in 0..<columns.count {
                let element = gram[first + k, first + j]
                dense.view[k, j] = element
                strip[width * k + place] = element
            }
            let inverse = 1 / gram.diagonal[first + j, 0]
            inverses.view[j, 0] = inverse.isFinite ? inverse : 0
        }
    }
}
