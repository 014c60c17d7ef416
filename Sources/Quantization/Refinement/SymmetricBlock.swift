import AdaDimLinearAlgebra

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

    init(_ gram: DampedGram<S>, columns: Range<Int>) throws(QuantizationError) {
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
