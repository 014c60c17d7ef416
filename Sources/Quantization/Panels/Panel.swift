import AdaDimLinearAlgebra

/// A run of a weight's rows on its way through the steps. Rows know nothing of each other but for the groups that they share,
/// so panels are independent jobs.
struct Panel<S: RealScalar>: Sendable {
    /// W [rows, in], in the weight's own order of columns.
    let weight: MatrixView<S>
    /// What the rows become, in each direction.
    let results: [DirectionResult<S>]
    /// E = W − Q [directions·rows, in], in the factor's order of columns: the directions lie below each other.
    let allErrors: MutableMatrixView<S>
    let flops: FlopCounter?

    var rows: Int { weight.rows }

    /// E [rows, in] of one direction.
    func errors(of direction: Int) -> MutableMatrixView<S> {
        allErrors[rows: direction * rows..<(direction + 1) * rows, columns: 0..<allErrors.columns]
    }

    var isCancelled: Bool { flops?.isCancelled ?? false }
}
