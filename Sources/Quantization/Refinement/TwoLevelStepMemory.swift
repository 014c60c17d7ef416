import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// What ``TwoLevelSteps`` work in, for the tallest panel: one super-block at a time.
final class TwoLevelStepMemory<S: RealScalar>: Sendable {
    static var width: Int { TwoLevelType.superGroupSize }
    static var elementsPerRow: Int { 3 * width }
    static func sharedElements(columns: Int) -> Int { columns * width + width * width }

    /// The position of each input in the factor's order; nil where it is the input itself.
    private let places: [Int]?
    private let gathered: Workspace<S>
    private let squareOfBlock: Workspace<S>
    private let rowColumns: Workspace<S>
    private let sums: Workspace<Double>

    init(rows: Int, _ factor: GramFactor<S>) throws(QuantizationError) {
        places = factor.order.map { order in
            var places = [Int](repeating: 0, count: order.count)
            for (position, input) in order.enumerated() { places[input] = position }
            return places
        }
        gathered = try Workspace(factor.inputs, by: Self.width)
        squareOfBlock = try Workspace(Self.width, by: Self.width)
        rowColumns = try Workspace(rows, by: Self.elementsPerRow)
        sums = try Workspace(rows, by: 6)
    }

    func position(of input: Int) -> Int { places?[input] ?? input }

    /// Gathers H on the inputs of a super-block.
    func gather(_ inputs: Range<Int>, of gram: DampedGram<S>) {
        for (place, input) in inputs.enumerated() {
            gram.copyColumn(position(of: input), to: gathered.view.column(place))
        }
        for j in 0..<inputs.count {
            let (from, to) = (gathered.view.column(j), squareOfBlock.view.column(j))
            for (k, input) in inputs.enumerated() { to[k] = from[position(of: input)] }
        }
    }

    /// H[:, super-block], rows in the factor's order, as ``gather(_:of:)`` left it.
    var columns: MatrixView<S> { gathered.view.reading }
    /// H[super-block, super-block], in the order of the inputs.
    var square: MatrixView<S> { squareOfBlock.view.reading }

    /// E·H on the super-block.
    func residual(rows: Int) -> MutableMatrixView<S> { part(0, rows, Self.width) }
    /// Some rows' numbers times H.
    func products(rows: Int) -> MutableMatrixView<S> { part(1, rows, Self.width) }
    /// Codes relative to the zero point, or multiples of them.
    func values(rows: Int, columns: Int) -> MutableMatrixView<S> { part(2, rows, columns) }
    /// Sums of each row, as ``TwoLevelSteps`` has them.
    var rowSums: MutableMatrixView<Double> { sums.view }

    private func part(_ index: Int, _ rows: Int, _ columns: Int) -> MutableMatrixView<S> {
        rowColumns.view[rows: 0..<rows, columns: index * Self.width..<index * Self.width + columns]
    }
}
