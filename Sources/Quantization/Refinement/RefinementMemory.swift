import AdaDimLinearAlgebra

/// What a ``RefinementPanel`` works in, for the tallest panel.
final class RefinementMemory<S: RealScalar>: Sendable {
    /// Groups whose scales need products of their own.
    let scatteredGroups: [ScatteredGroup]
    /// What ``TwoLevelSteps`` work in; nil where there are none.
    let twoLevel: TwoLevelStepMemory<S>?
    private let rowColumns: Workspace<S>
    private let stepColumn: Workspace<S>
    private let sums: Workspace<Double>
    private let tileChanges: Workspace<Bool>
    /// Columns of H, and a square of it, where there are scattered groups.
    private let gathered: Workspace<S>
    private let square: Workspace<S>

    /// - Parameters:
    ///   - rows: of the panel.
    ///   - tiles: of a block, at most.
    init(
        rows: Int, tiles: Int, order: Int, scatteredGroups: [ScatteredGroup], twoLevel: TwoLevelStepMemory<S>?
    ) throws(QuantizationError) {
        self.twoLevel = twoLevel
        let width = SweepSchedule.blockWidth
        self.scatteredGroups = scatteredGroups
        // R on a block, and what scale steps take: values and products.
        rowColumns = try Workspace(rows, by: 3 * width)
        stepColumn = try Workspace(rows, by: 1)
        sums = try Workspace(rows, by: 3)
        tileChanges = try Workspace(tiles, by: 1)
        gathered = try Workspace(scatteredGroups.isEmpty ? 0 : order, by: width)
        square = try Workspace(scatteredGroups.isEmpty ? 0 : width, by: width)
    }

    /// E·H on the columns of a block.
    func residual(rows: Int, columns: Int) -> MutableMatrixView<S> { part(0, rows, columns) }
    /// Q on the columns of a group.
    func values(rows: Int, columns: Int) -> MutableMatrixView<S> { part(1, rows, columns) }
    /// A group's values times H.
    func products(rows: Int, columns: Int) -> MutableMatrixView<S> { part(2, rows, columns) }

    /// The change of each row's scale, as a share of it.
    var steps: UnsafeMutablePointer<S> { stepColumn.view.column(0) }
    /// q·r, q·H·qᵀ and Σ qⱼ²·Hⱼⱼ of each row.
    var rowSums: MutableMatrixView<Double> { sums.view }
    /// Whether each tile changed.
    var changes: MutableMatrixView<Bool> { tileChanges.view }

    private func part(_ index: Int, _ rows: Int, _ columns: Int) -> MutableMatrixView<S> {
        let first = index * SweepSchedule.blockWidth
        return rowColumns.view[rows: 0..<rows, columns: first..<first + columns]
    }

    /// H[:, columns].
    func gather(_ columns: ArraySlice<Int>, of gram: DampedGram<S>) -> MatrixView<S> {
        let target = gathered.view[rows: 0..<gram.order, columns: 0..<columns.count]
        for (place, column) in columns.enumerated() { gram.copyColumn(column, to: target.column(place)) }
        return target.reading
    }

    /// Some rows of gathered columns.
    func gather(rows: ArraySlice<Int>, of columns: MatrixView<S>) -> MatrixView<S> {
        let target = square.view[rows: 0..<rows.count, columns: 0..<columns.columns]
        for j in 0..<columns.columns {
            let (from, to) = (columns.column(j), target.column(j))
            for (i, row) in rows.enumerated() { to[i] = from[row] }
        }
        return target.reading
    }
}

extension MutableMatrixView<Double> {
    /// Adds the products of two columns' elements to the sums of each row.
    func add<S: RealScalar>(_ a: UnsafePointer<S>, _ b: UnsafePointer<S>, rows: Int, to sum: Int) {
        let sums = column(sum)
        for i in 0..<rows { sums[i] += Double(a[i]) * Double(b[i]) }
    }

    /// Adds a multiple of a column's squares to the sums of each row.
    func addSquares<S: RealScalar>(of a: UnsafePointer<S>, times factor: S, rows: Int, to sum: Int) {
        let sums = column(sum)
        for i in 0..<rows { sums[i] += Double(a[i]) * Double(a[i]) * Double(factor) }
    }
}
