import AdaDimLinearAlgebra

/// One kind of change that a pass makes to a panel, and what it takes besides the pass's own product with H. ``PassSteps`` lists
/// the kinds.
protocol PassStep<S>: Sendable {
    associatedtype S: RealScalar

    /// Elements of working memory that a row of a panel takes.
    static func elementsPerRow(of shape: StepShape) -> Int
    /// Elements of working memory in addition to those of the rows.
    static func sharedElements(of shape: StepShape, _ refinement: Refinement) -> Int
    /// Flops of a row in one direction and one pass, where they are no share of the pass's own.
    static func flopsPerRow(columns: Int) -> Double

    /// nil where it changes nothing in the panel.
    init?(_ panel: RefinementPanel<S>)

    /// Whether it changes something in blocks of columns, one after another, which takes a product with all of H.
    var worksInBlocks: Bool { get }
    /// Whether it changes something before them, which takes such a product, too.
    var worksBeforeBlocks: Bool { get }

    /// Changes what no block holds whole.
    /// - Parameter share: of its flops that are counted.
    /// - Returns: whether anything changed.
    func changeBeforeBlocks(share: Double) -> Bool

    /// Changes the columns of one block.
    /// - Parameter residual: R = E·H on the block's columns [rows, block], for the next steps as it is afterwards.
    /// - Returns: whether anything changed.
    func change(_ block: SymmetricBlock<S>, _ residual: MutableMatrixView<S>) -> Bool
}
