import AdaDimInspection
import AdaDimQuantization
import AdaDimQuantizedMatrices
import Foundation

/// The contents of `adadim inspect --json` and of `inspection-report.json`.
package struct InspectionReport: Sendable, Codable {
    /// What it was inspected with, as one flat object.
    package struct Settings: Sendable, Equatable {
        package let run: RunSettings
        /// From where on a channel counts as an outlier.
        package let outliers: OutlierThresholds

        package init(_ run: RunSettings, outliers: OutlierThresholds) {
            self.run = run
            self.outliers = outliers
        }
    }

    /// The inputs that some layers share.
    package struct Input: Sendable, Codable {
        /// A channel whose inputs stand out.
        package struct Outlier: Sendable, Codable, Equatable {
            package let channel: Int
            /// max|x|, mean |x| and √ of the mean x² over the tokens.
            package let largest: Double
            package let mean: Double
            package let rms: Double
            /// 3 for a normal distribution; null for a channel that never changes.
            @NullWhereAbsent package internal(set) var kurtosis: Double?
        }

        package let block: Int
        /// Names of the layers.
        package let layers: [String]
        package let channels: Int
        package let tokens: Int
        /// max|x| over all channels, and the channel that has it.
        package let largest: Double
        package let largestChannel: Int
        /// The median channel's max|x|.
        package let medianLargest: Double
        /// Ascending by channel.
        package let outliers: [Outlier]
        /// λ, in the units of the Gram matrix, and as a share of its mean diagonal.
        package let damping: Double
        package let dampingShare: Double
        /// The share that the sensitivities were taken with: the same, or more where Double needed more than Float.
        package let sensitivityDampingShare: Double
        /// Smaller dampings that left the Gram matrix without a factor.
        package let dampingRaises: [DampingAttempt]
        package let inactiveInputs: Int
    }

    /// The sensitivity by one measure.
    package struct SensitivityFigures: Sendable, Codable, Equatable {
        /// The share of the whole in the most sensitive 1 % of the channels.
        package let topInputs: Sensitivity.TopShare
        package let topOutputs: Sensitivity.TopShare
        /// Spearman's, of max|x| with the sensitivity over the input channels; null where all are alike.
        @NullWhereAbsent package internal(set) var rankCorrelation: Double?
    }

    package struct Layer: Sendable, Codable {
        package let name: String
        /// [out, in].
        package let shape: [Int]
        /// The place of its inputs in `inputs`.
        package let input: Int
        /// By measure.
        package let sensitivities: [String: SensitivityFigures]
        /// Of both directions, by name.
        package let losses: [String: QuantizationReport.DirectionLosses]
        /// ‖WX‖²_F.
        package let outputEnergy: Double
        /// The direction that loses less by the finished sweeps, and by plain rounding.
        package let dimension: ChannelDimension
        package let dimensionByRoundToNearest: ChannelDimension
        /// GPTQ's loss with per-IC groups over that with per-OC groups; null where the latter is zero.
        @NullWhereAbsent package internal(set) var lossRatio: Double?
        package let verdict: String
    }

    package struct Totals: Sendable, Codable, Equatable {
        package var layers = 0
        package var perInputChannelLayers = 0
        /// Inputs with outliers, of so many.
        package var inputsWithOutliers = 0
        package var inputs = 0
        package var seconds = 0.0
        package var parts = Parts()
    }

    /// Seconds of a whole run by what they were spent on; they add up to all of it.
    package struct Parts: Sendable, Codable, Equatable {
        /// Waiting for weights, and running the decoder blocks.
        package var forward = 0.0
        /// Gram matrices, and the activations' moments.
        package var gram = 0.0
        /// In Float and in Double, and the inverse's diagonal.
        package var factor = 0.0
        /// Losses, sensitivities and maps.
        package var layers = 0.0
        package var writing = 0.0
        package var rest = 0.0

        package init() {}
    }

    package var producer = "adadim"
    /// Names of everything in the directory, this report included; empty where none was written.
    package var files: [String] = []
    package let versions: QuantizationReport.Versions
    package let machine: MachineReport
    package let options: Settings
    package var totals = Totals()
    package var inputs: [Input] = []
    package var layers: [Layer] = []

    /// Of a run that begins now, on this machine.
    package init(_ options: Settings) {
        versions = .current
        machine = .current
        self.options = options
    }

    package static let fileName = "inspection-report.json"
    /// Every channel's figures.
    package static let channelsName = "channels.safetensors"
    /// The same to look at.
    package static let pageName = "inspection-report.html"
}

extension InspectionReport.Parts {
    /// Each part under the name that a reader knows it by.
    package var all: [(name: String, seconds: Double)] {
        [
            ("decoder blocks", forward), ("Gram and moments", gram), ("factors", factor), ("layers", layers),
            ("writing", writing), ("rest", rest),
        ]
    }
}

extension InspectionReport.Settings: Codable {
    private enum Key: String, CodingKey { case outliers }

    package func encode(to encoder: any Encoder) throws {
        try run.encode(to: encoder)
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(outliers, forKey: .outliers)
    }

    package init(from decoder: any Decoder) throws {
        run = try RunSettings(from: decoder)
        outliers = try decoder.container(keyedBy: Key.self).decode(OutlierThresholds.self, forKey: .outliers)
    }
}
