import Foundation

/// How many sequences a model is calibrated on, and how many tokens each has: known before any of them is read.
package struct CalibrationSize: Sendable, Equatable {
    package let sequences: Int
    package let length: Int

    package init(sequences: Int, length: Int) {
        self.sequences = sequences
        self.length = length
    }

    /// What ``CalibrationSamples`` takes of a file.
    /// - Parameters:
    ///   - samples: nil for 128, or for all the ready-made sequences there are.
    ///   - length: nil for 512, or for the length of ready-made sequences.
    /// - Throws: what is wrong with a file of ready-made ids; a text is not looked at.
    package init(file: URL, samples: Int?, length: Int?) throws {
        let readyMade = try TokenSource.size(ofReadyMade: file)
        self.init(
            sequences: samples ?? readyMade?.sequences ?? CalibrationSamples.defaultCount,
            length: length ?? readyMade?.length ?? CalibrationSamples.defaultLength)
    }
}
