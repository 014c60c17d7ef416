import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices

/// What there is to see of one layer's weight [out, in] before it is quantized.
package struct LayerInspection: Sendable {
    /// The losses L = ‖(W−Q)X‖²_F of one direction.
    package struct Losses: Sendable, Equatable {
        package let roundToNearest: Double
        package let gptq: Double

        package init(roundToNearest: Double, gptq: Double) {
            self.roundToNearest = roundToNearest
            self.gptq = gptq
        }
    }

    package let rows: Int
    package let columns: Int
    /// By each measure.
    package let sensitivities: [SensitivityMeasure: Sensitivity]
    /// Spearman's rank correlation, over the input channels, of max|x| with the sensitivity; none where all are alike.
    package let rankCorrelations: [SensitivityMeasure: Double]
    /// w²/[(H+λI)⁻¹]ⱼⱼ, block by block.
    package let map: SensitivityMap
    package let groupErrors: GroupErrors
    package let losses: [ChannelDimension: Losses]
    /// ‖WX‖²_F.
    package let outputEnergy: Double
    /// The channels of its input that are outliers, ascending.
    package let outliers: [Int]

    /// Blocks along a side of ``map``, and bins of ``groupErrors``: what a picture of a hand's width can show.
    package static let mapSide = 64
    package static let errorBins = 40

    /// - Parameter options: bits, groups and grid; the direction is always left open, both are tried.
    /// - Throws: ``QuantizationError``.
    package init(
        of weight: Matrix<Float>, _ input: InspectedInput, options: QuantizationOptions
    ) throws(QuantizationError) {
        (rows, columns) = (weight.rows, weight.columns)
        outliers = input.outliers
        var open = options
        (open.method, open.direction) = (.gptq, .adaptive(by: .sweep))
        // First, since it looks at shape and weight.
        let swept = try LayerQuantizer(factor: input.factor, options: open).quantize(weight)
        let energy = swept.outputEnergy

        var losses: [ChannelDimension: Losses] = [:]
        var errors: [ChannelDimension: [Double]] = [:]
        for dimension in ChannelDimension.allCases {
            let layout = GroupLayout(
                rows: rows, columns: columns, groupSize: options.grid.groupSize, dimension: dimension)
            let grid = UniformGrid(
                bits: options.grid.bits, isSymmetric: options.grid.isSymmetric, scaleType: options.grid.scaleType)
            let (_, error) = try roundToNearest(weight, grid, layout)
            guard let gptq = swept.losses[dimension]?.gptq else {
                preconditionFailure("an adaptive sweep without a loss \(dimension)")
            }
            losses[dimension] = Losses(roundToNearest: try input.factor.loss(error), gptq: gptq)
            errors[dimension] = GroupErrors.errors(error, layout, diagonal: input.hessianDiagonal).map {
                energy > 0 ? $0 / energy : 0
            }
        }
        self.losses = losses
        outputEnergy = energy
        groupErrors = GroupErrors(errors, bins: Self.errorBins)

        let found = SensitivityMeasure.allCases.map { ($0, Sensitivity(of: weight, factors: input.factors($0))) }
        sensitivities = Dictionary(uniqueKeysWithValues: found)
        rankCorrelations = sensitivities.compactMapValues {
            rankCorrelation(input.activations.largestMagnitude, $0.inputs)
        }
        map = SensitivityMap(of: weight, factors: input.factors(.inverseHessian), side: Self.mapSide)
    }

    /// The direction that loses less by plain rounding, as the paper's choice compares; per-OC if they are equal.
    package var directionByRoundToNearest: ChannelDimension {
        losses(.perInputChannel).roundToNearest < losses(.perOutputChannel).roundToNearest
            ? .perInputChannel : .perOutputChannel
    }

    /// The losses of one direction; there are those of both.
    package func losses(_ dimension: ChannelDimension) -> Losses {
        guard let found = losses[dimension] else { preconditionFailure("no losses \(dimension)") }
        return found
    }

    /// The sensitivity by one measure; there is one by each.
    package func sensitivity(_ measure: SensitivityMeasure) -> Sensitivity {
        guard let found = sensitivities[measure] else { preconditionFailure("no sensitivity by \(measure)") }
        return found
    }

    /// A loss as a share of ‖WX‖²; zero for a layer without output.
    package func relative(_ loss: Double) -> Double { outputEnergy > 0 ? loss / outputEnergy : 0 }
}
