import AdaDimCheckpoint
import AdaDimInspection
import AdaDimQuantization
import AdaDimQuantizedMatrices
import Foundation

extension InspectionReport.Input {
    /// What the inputs of some layers are like.
    package init(_ input: InspectedInput, of layers: [LinearLayer], damping: AppliedDamping) {
        let figures = input.activations
        let largest = figures.largestMagnitude
        block = layers.first?.block ?? 0
        self.layers = layers.map(\.moduleName)
        channels = largest.count
        tokens = figures.tokens
        largestChannel = largest.indices.max { largest[$0] < largest[$1] } ?? 0
        self.largest = largest.max() ?? 0
        medianLargest = figures.medianOfLargest
        outliers = input.outliers.map { channel in
            let kurtosis = figures.kurtosis[channel]
            return Outlier(
                channel: channel, largest: largest[channel], mean: figures.meanMagnitude[channel],
                rms: figures.rootMeanSquare[channel], kurtosis: kurtosis.isFinite ? kurtosis : nil)
        }
        self.damping = damping.damping
        dampingShare = damping.share
        sensitivityDampingShare = input.inverseDampingShare
        dampingRaises = damping.failedAttempts
        inactiveInputs = damping.inactiveInputs.count
    }
}

extension InspectionReport.Layer {
    /// What was found of a layer.
    /// - Parameter input: the place of its inputs.
    package init(_ layer: LinearLayer, _ inspection: LayerInspection, input: Int) {
        let verdict = Verdict(inspection)
        func reported(_ loss: Double) -> QuantizationReport.Loss {
            .init(absolute: loss, of: inspection.outputEnergy)
        }
        name = layer.moduleName
        shape = [inspection.rows, inspection.columns]
        self.input = input
        let found = SensitivityMeasure.allCases.map { measure in
            let sensitivity = inspection.sensitivity(measure)
            return (
                measure.rawValue,
                InspectionReport.SensitivityFigures(
                    topInputs: sensitivity.topInputs, topOutputs: sensitivity.topOutputs,
                    rankCorrelation: inspection.rankCorrelations[measure])
            )
        }
        sensitivities = Dictionary(uniqueKeysWithValues: found)
        losses = Dictionary(
            uniqueKeysWithValues: inspection.losses.map { dimension, found in
                (dimension.rawValue, .init(rtn: reported(found.roundToNearest), gptq: reported(found.gptq)))
            })
        outputEnergy = inspection.outputEnergy
        dimension = verdict.dimension
        dimensionByRoundToNearest = inspection.directionByRoundToNearest
        self.verdict = verdict.text
        lossRatio = verdict.lossRatio
    }

    /// The relative loss of a direction and a method.
    package func loss(_ dimension: ChannelDimension, _ method: QuantizationOptions.Method) -> Double? {
        let losses = losses[dimension.rawValue]
        return (method == .gptq ? losses?.gptq : losses?.rtn)?.relative
    }

    /// The sensitivity by one measure.
    package func sensitivity(_ measure: SensitivityMeasure) -> InspectionReport.SensitivityFigures? {
        sensitivities[measure.rawValue]
    }
}

extension InspectionReport {
    /// Sums up inputs and layers.
    package mutating func close(seconds: Double, _ parts: Parts) {
        totals = Totals(
            layers: layers.count, perInputChannelLayers: layers.count { $0.dimension == .perInputChannel },
            inputsWithOutliers: inputs.count { !$0.outliers.isEmpty }, inputs: inputs.count, seconds: seconds,
            parts: parts)
        totals.parts.rest = max(0, seconds - parts.all.reduce(0) { $0 + $1.seconds })
    }
}
