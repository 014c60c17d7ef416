import AdaDimLinearAlgebra

/// One kind of change that a pass makes to a panel. A kind that comes new is added to ``RefinementPanel/refine(_:)``.
protocol PassStep<S>: Sendable {
    associatedtype S: RealScalar

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
