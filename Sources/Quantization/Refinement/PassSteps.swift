import AdaDimLinearAlgebra

/// The kinds of changes that a pass makes, in order. A new kind is added here.
enum PassSteps {
    private static func kinds<S: RealScalar>() -> [any PassStep<S>.Type] {
        [ScaleSteps<S>.self, TwoLevelSteps<S>.self, CoordinateDescent<S>.self]
    }

    /// Those that change something in a panel.
    static func all<S: RealScalar>(of panel: RefinementPanel<S>) -> [any PassStep<S>] {
        kinds().compactMap { kind in kind.init(panel) }
    }

    /// Of all kinds: a panel's height depends on them, and should not depend on what passes change.
    static func elementsPerRow(of shape: StepShape) -> Int {
        let kinds: [any PassStep<Float>.Type] = kinds()
        return kinds.reduce(0) { $0 + $1.elementsPerRow(of: shape) }
    }

    static func sharedElements(of shape: StepShape, _ refinement: Refinement) -> Int {
        let kinds: [any PassStep<Float>.Type] = kinds()
        return kinds.reduce(0) { $0 + $1.sharedElements(of: shape, refinement) }
    }

    static func flopsPerRow(columns: Int) -> Double {
        let kinds: [any PassStep<Float>.Type] = kinds()
        return kinds.reduce(0) { $0 + $1.flopsPerRow(columns: columns) }
    }
}
