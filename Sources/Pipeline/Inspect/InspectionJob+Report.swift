import AdaDimCalibration
import AdaDimReports

extension InspectionJob {
    /// The options as the report gives them, with what was drawn in place of what was left open.
    func described(_ samples: CalibrationSamples) -> InspectionReport.Options {
        let options = layers.described(samples)
        return .init(
            bits: options.bits, groupSize: options.groupSize, symmetric: options.symmetric, damping: options.damping,
            activationOrder: options.activationOrder, skip: options.skip, samples: options.samples,
            sequenceLength: options.sequenceLength, seed: options.seed, threads: options.threads,
            outliers: thresholds, model: options.model, calibration: options.calibration,
            textField: options.textField)
    }
}
