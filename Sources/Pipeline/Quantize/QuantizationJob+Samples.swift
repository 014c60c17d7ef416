import AdaDimCalibration
import AdaDimCheckpoint
import AdaDimTokenizer
import Logging

extension QuantizationJob {
    /// The sequences that a model of this configuration is calibrated on.
    /// - Parameter log: gets what is right but surprising about the text.
    func drawSamples(for configuration: ModelConfiguration, log: Logger) throws -> CalibrationSamples {
        func notice(_ text: String) { log.notice("\(text)") }
        let source = try TokenSource(file: calibration, textField: recipe.sampling.textField, notice: notice) {
            try Tokenizer(model: model)
        }
        let samples = try CalibrationSamples(
            from: source, samples: recipe.sampling.samples, length: recipe.sampling.sequenceLength,
            seed: recipe.sampling.seed,
            vocabularySize: configuration.vocabularySize, maximumLength: configuration.maximumLength)
        if let text = samples.documents?.notice(file: calibration.relativePath) { notice(text) }
        return samples
    }
}
