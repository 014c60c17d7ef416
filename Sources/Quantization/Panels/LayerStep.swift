import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// One of the things that are done to a weight, panel of rows after panel: the sweep, then what refines it. The memory plan and
/// the progress ask a step what it takes; the solver prepares it and runs it on every panel.
protocol LayerStep: Sendable {
    /// As its loss is named.
    var name: String { get }
    /// Elements of working memory that a row of a panel takes.
    func elementsPerRow(of shape: StepShape) -> Int
    /// Elements of working memory in addition to those of the rows.
    func sharedElements(of shape: StepShape) -> Int
    /// Flops of a row in one direction.
    func flopsPerRow(columns: Int) -> Double
    /// Makes what runs the step, with all the memory that it needs.
    func prepared<S: RealScalar>(for layer: SolvedLayer<S>) throws(QuantizationError) -> any PreparedStep<S>
}

/// What a step's memory depends on.
struct StepShape: Sendable {
    /// Inputs of the weight.
    let columns: Int
    /// The directions that groups may run in.
    let dimensions: [ChannelDimension]
    /// How many of them the step works in at the same time.
    let directionsAtOnce: Int
    /// Weights to a group; nil for a whole channel.
    let groupSize: Int?
    /// Whether columns come in act-order.
    let isOrdered: Bool
    /// Whether scales are on two levels.
    let isTwoLevel: Bool
    /// How many panels are worked on at the same time.
    let threads: Int
}

/// A step that is ready to run on the panels of one layer, several at the same time.
protocol PreparedStep<S>: Sendable {
    associatedtype S: RealScalar

    /// Changes what the panel's weight has become. The panel's errors are those of the step before, and become those of this
    /// one; after the last step they are used up.
    /// - Returns: what each direction loses now; anything if the work was cancelled meanwhile.
    func run(on panel: Panel<S>) -> [StepLoss]
}

/// What a step left of a panel, or of a layer's panels.
struct StepLoss: Sendable, BitwiseCopyable {
    var loss = DampedLoss()
    /// Passes that were made, of several panels the most; 0 for a step without passes.
    var passes = 0

    static func += (sum: inout StepLoss, other: StepLoss) {
        sum.loss += other.loss
        sum.passes = max(sum.passes, other.passes)
    }
}
