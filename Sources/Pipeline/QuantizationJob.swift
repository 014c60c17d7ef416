import AdaDimFormats
import AdaDimQuantization
import AdaDimQuantizedMatrices
import Foundation

/// Everything that `adadim quantize` is told.
package struct QuantizationJob: Sendable {
    /// Which direction the groups of which layers run in.
    package enum Dimension: Sendable, Equatable {
        case adaptive
        case fixed(ChannelDimension)
        /// The layers that match one of the globs per-IC, the others per-OC: the paper's selective study.
        case perInputChannel(matching: [String])
    }

    /// What the inputs of a layer are computed with.
    package enum Propagation: String, Sendable, CaseIterable, Codable {
        /// What is already quantized, so that later layers mend earlier errors.
        case quantized
        /// The untouched model.
        case original
    }

    package var model: URL
    package var calibration: URL
    /// The field of a JSON Lines file that has a line's document; nil for a file that is one text.
    package var textField: String?
    private var directory: URL?
    package var bits = 4
    /// Weights that share a scale; nil for a whole channel.
    package var groupSize: Int? = 128
    package var method = QuantizationOptions.Method.gptq
    package var dimension = Dimension.adaptive
    package var selection = QuantizationOptions.Selection.roundToNearest
    package var accuracy = Accuracy()
    /// What layers make up for: nothing where they see the original model's inputs, which have not moved.
    package var correction: OutputCorrection { propagation == .original ? .none : accuracy.correction }
    package var propagation = Propagation.quantized
    package var format = ExportFormat.dequantized
    /// Globs of layers that stay as they are.
    package var skip: [String] = []
    /// nil for 128, or for all of ready-made sequences.
    package var samples: Int?
    /// nil for 512, or for the length of ready-made sequences.
    package var sequenceLength: Int?
    package var seed: UInt64 = 0
    package var isSymmetric = false
    /// Whether a layer none of whose inputs is ever active ends the run.
    package var refusesInactiveLayers = false
    package var overwrite = false

    /// - Parameter output: nil for layers that are looked at only: see ``InspectionJob``.
    package init(model: URL, output: URL? = nil, calibration: URL) {
        self.model = model
        self.calibration = calibration
        directory = output
    }

    /// The directory to write.
    /// - Precondition: the job has one.
    package var output: URL {
        get {
            guard let directory else { preconditionFailure("a job without an output") }
            return directory
        }
        set { directory = newValue }
    }

    /// The engine's options, the direction and the type of the scales still open.
    var engineOptions: QuantizationOptions {
        QuantizationOptions(
            bits: bits, groupSize: groupSize, isSymmetric: isSymmetric, ranges: accuracy.ranges, method: method,
            refinement: accuracy.refinement, selection: selection, damping: accuracy.damping,
            activationOrder: accuracy.activationOrder, refusesInactiveLayers: refusesInactiveLayers)
    }
}
