import AdaDimQuantization
import AdaDimQuantizedMatrices

/// What grids are made by, as their checks have it.
struct GridRules {
    let isSymmetric: Bool
    let scaleType: ScaleType
    let epsilon: Double
    let largest: Double
    let middle: Double

    /// The zero point of a group of zeros, whose scale is 1.
    var zeroOfNothing: Double { isSymmetric ? middle : 0 }

    /// - Parameter epsilon: of the arithmetic that is judged.
    init(_ options: QuantizationOptions, epsilon: Double) {
        isSymmetric = options.grid.isSymmetric
        scaleType = options.grid.scaleType
        self.epsilon = epsilon
        largest = Double((1 << options.grid.bits) - 1)
        middle = Double(1 << (options.grid.bits - 1))
    }
}
