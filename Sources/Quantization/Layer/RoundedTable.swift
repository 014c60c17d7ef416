import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// Rounds a table of vectors [entries, width], of which each input picks one: token embeddings. Every entry's groups run along its
/// vector, so an entry's grids depend on nothing but that entry, however often it is used. Its inputs are unit vectors, of which
/// no two have a product, so there is nothing that one entry could compensate for in another: rounding is all that can be done.
///
/// The loss is ‖(W−Q)ᵀX‖²_F, with a unit vector in X for each use: the sum over all uses of how far the vector moves.
package struct RoundedTable: Sendable {
    private let layout: GroupLayout
    private let grid: QuantizationOptions.Grid
    private var panels: QuantizedRows
    private var position = 0
    private var loss = 0.0
    private var energy = 0.0
    private var seconds = LayerQuantization.Seconds()

    /// A table of which no entries have been seen yet.
    package init(rows: Int, columns: Int, grid: QuantizationOptions.Grid) throws(QuantizationError) {
        try grid.validate()
        guard rows > 0 && columns > 0 else { throw .emptyWeight(rows: rows, columns: columns) }
        layout = GroupLayout(rows: rows, columns: columns, groupSize: grid.groupSize, dimension: .perOutputChannel)
        self.grid = grid
        panels = QuantizedRows(rows: rows)
    }

    /// Rounds the next entries.
    /// - Parameters:
    ///   - panel: [entries, width].
    ///   - uses: how often each of them is picked.
    /// - Throws: ``QuantizationError/nonFiniteWeight(output:input:)``,
    ///   ``QuantizationError/scaleOverflow(scaleType:row:column:)``, ``QuantizationError/outOfMemory(_:)``.
    package mutating func add(_ panel: Matrix<Float>, uses: [Double]) throws(QuantizationError) {
        precondition(
            panel.columns == layout.columns && uses.count == panel.rows && position + panel.rows <= layout.rows,
            "\(panel.rows) entries of \(panel.columns) numbers after \(position) of \(layout.rows)")
        if let (row, column) = panel.firstNonFinite { throw .nonFiniteWeight(output: position + row, input: column) }
        let start = ContinuousClock.now
        let (quantized, error) = try roundToNearest(
            panel, UniformGrid(grid),
            GroupLayout(
                rows: panel.rows, columns: panel.columns, groupSize: layout.groupSize, dimension: .perOutputChannel))
        panels.append(quantized)
        loss += Self.squares(error, uses)
        energy += Self.squares(panel, uses)
        position += panel.rows
        seconds.roundToNearest += start.secondsUntilNow
    }

    /// The whole table.
    /// - Precondition: all entries were added, and this is the first call.
    package mutating func finished() throws(QuantizationError) -> LayerQuantization {
        precondition(position == layout.rows, "a table with \(position) of \(layout.rows) entries")
        var losses = LayerQuantization.Losses()
        losses.roundToNearest = loss
        return LayerQuantization(
            quantized: try panels.join(), method: .roundToNearest, loss: loss, outputEnergy: energy,
            losses: [.perOutputChannel: losses], seconds: seconds)
    }

    /// Σ over entries of uses · ‖row‖².
    private static func squares(_ matrix: Matrix<Float>, _ uses: [Double]) -> Double {
        matrix.withView { matrix in
            var sum = 0.0
            for j in 0..<matrix.columns {
                let column = matrix.column(j)
                for i in 0..<matrix.rows { sum += uses[i] * Double(column[i]) * Double(column[i]) }
            }
            return sum
        }
    }
}
