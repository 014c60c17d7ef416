import AdaDimLayerFiles
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import Foundation

/// The contents of `adadim layer --json`.
package struct LayerReport: Sendable, Codable {
    /// What it was quantized with, as one flat object.
    package struct Settings: Sendable, Equatable {
        package let options: QuantizationOptions
        package let threads: Int
    }

    package struct Seconds: Sendable, Codable, Equatable {
        /// Reading the weight; activations are read while they are summed up.
        package var read = 0.0
        package var gram = 0.0
        package var factor = 0.0
        /// ‖WX‖², the reference of relative losses.
        package var reference = 0.0
        package var rtn = 0.0
        package var sweep = 0.0
        package var write = 0.0
        /// All of the run.
        package var total = 0.0

        package init() {}
    }

    package let versions: QuantizationReport.Versions
    package let machine: MachineReport
    package let options: Settings
    package let name: String
    /// [out, in].
    package let shape: [Int]
    /// How the weight is stored: BF16, F16 or F32.
    package let weightType: String
    /// Null where a Gram matrix came without their number.
    @NullWhereAbsent package internal(set) var tokens: Int?
    package let dimension: ChannelDimension
    package let groupSize: Int
    /// Weights of the last group of a channel where it is shorter than the others; null where it is not.
    @NullWhereAbsent package internal(set) var tailGroup: Int?
    /// Of the layer as quantized.
    package let loss: QuantizationReport.Loss
    /// Of every direction tried, by its name.
    package let losses: [String: QuantizationReport.DirectionLosses]
    /// ‖WX‖²_F.
    package let outputEnergy: Double
    /// λ, in the units of the Gram matrix, and as a share of its mean diagonal.
    package let damping: Double
    package let dampingShare: Double
    /// Smaller dampings that left the Gram matrix without a factor.
    package let dampingRaises: [DampingAttempt]
    /// How many there are, and which.
    package let inactiveInputs: Int
    package let inactiveInputIndices: [Int]
    /// Tensors of the file that had no use.
    package let unusedTensors: [String]
    /// The file written; null if none was requested.
    @NullWhereAbsent package internal(set) var output: String?
    package var seconds: Seconds
}

extension LayerReport {
    /// What a run has made of a layer.
    /// - Parameters:
    ///   - options: as the layer was quantized, the type of its scales included.
    ///   - output: the file written; nil for none.
    package init(
        _ file: LayerFile, _ options: QuantizationOptions, _ quantization: LayerQuantization, _ damping: AppliedDamping,
        threads: Int, output: String?, seconds: Seconds
    ) {
        let layout = quantization.quantized.layout
        versions = .current
        machine = .current
        self.options = Settings(options: options, threads: threads)
        name = file.name
        shape = [file.rows, file.columns]
        weightType = file.weightType.elementType.rawValue
        tokens = file.tokenCount
        dimension = layout.dimension
        groupSize = layout.groupSize
        tailGroup = layout.tailGroup
        loss = quantization.reported(quantization.loss)
        losses = quantization.reportedLosses
        outputEnergy = quantization.outputEnergy
        self.damping = damping.damping
        dampingShare = damping.share
        dampingRaises = damping.failedAttempts
        inactiveInputs = damping.inactiveInputs.count
        inactiveInputIndices = damping.inactiveInputs
        unusedTensors = file.unusedTensors
        self.output = output
        self.seconds = seconds
    }

    /// The output's metadata that the quantized weight itself does not have.
    package var facts: [String: String] {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            var facts = namedFacts
            facts["options"] = String(decoding: try encoder.encode(options.options), as: UTF8.self)
            return facts
        }
    }

    private var namedFacts: [String: String] {
        let options = options.options
        var facts = [
            "producer": "adadim \(versions.adadim)", "weight_type": weightType,
            "symmetric": "\(options.grid.isSymmetric)", "activation_order": "\(options.factor.activationOrder)",
            "select": options.direction.selection.rawValue, "ranges": options.grid.ranges.rawValue,
            "refine": options.refinement.parts.rawValue, "passes": "\(options.refinement.passes)",
            "requested_dimension": options.direction.name,
            "damping": "\(damping)", "damping_share": "\(dampingShare)",
            "requested_damping_share": "\(options.factor.damping)", "inactive_inputs": "\(inactiveInputs)",
            "blas": versions.blas, "kernels": versions.kernels,
        ]
        if let type = options.grid.twoLevel { facts["grid_type"] = type.rawValue }
        if let tokens { facts["tokens"] = "\(tokens)" }
        return facts
    }
}

extension LayerReport.Settings: Codable {
    private enum Key: String, CodingKey { case threads }

    package func encode(to encoder: any Encoder) throws {
        try options.encode(to: encoder)
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(threads, forKey: .threads)
    }

    package init(from decoder: any Decoder) throws {
        options = try QuantizationOptions(from: decoder)
        threads = try decoder.container(keyedBy: Key.self).decode(Int.self, forKey: .threads)
    }
}
