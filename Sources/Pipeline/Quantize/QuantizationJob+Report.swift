import AdaDimCalibration
import AdaDimLinearAlgebra
import AdaDimReports
import Foundation

extension QuantizationJob {
    /// The options as the report gives them, with what was drawn in place of what was left open.
    func described(_ samples: CalibrationSamples) -> QuantizationReport.Options {
        let (name, globs): (String, [String]?) =
            switch dimension {
            case .adaptive: ("adaptive", nil)
            case .fixed(let fixed): (fixed.rawValue, nil)
            case .perInputChannel(let globs): ("selective", globs)
            }
        return .init(
            bits: bits, groupSize: groupSize, method: method, effort: accuracy.effort, ranges: accuracy.ranges,
            refine: accuracy.refinement.parts, passes: accuracy.refinement.passes,
            correctInputs: correction.inputs, correctResidual: correction.residual,
            tokenWeights: accuracy.tokenWeights, dimension: name,
            perInputChannel: globs, skip: skip,
            select: selection, propagate: propagation, format: format.rawValue, samples: samples.sequences.count,
            sequenceLength: samples.sequences.first?.count ?? 0, seed: seed, damping: accuracy.damping,
            symmetric: isSymmetric,
            activationOrder: accuracy.activationOrder, threads: BLASLibrary.threadCount,
            model: model.standardizedFileURL.lastPathComponent, calibration: calibration.relativePath,
            textField: textField)
    }
}
