import AdaDimCalibration
import AdaDimCheckpoint
import AdaDimTokenizer

extension QuantizationJob {
    /// The sequences that a model of this configuration is calibrated on.
    func drawSamples(for configuration: ModelConfiguration) throws -> CalibrationSamples {
        let source = try TokenSource(file: calibration, model: model)
        return try CalibrationSamples(
            from: source, samples: samples, length: sequenceLength, seed: seed,
            vocabularySize: configuration.vocabularySize, maximumLength: configuration.maximumLength)
    }
}
