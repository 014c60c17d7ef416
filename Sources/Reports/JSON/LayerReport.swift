import AdaDimLayerFiles
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices

/// What `adadim layer --json` says of a run.
package struct LayerReport: Sendable, Codable {
    package struct Options: Sendable, Codable, Equatable {
        package let bits: Int
        /// Null for a whole channel.
        @NullWhereAbsent package internal(set) var groupSize: Int?
        package let method: QuantizationOptions.Method
        package let ranges: RangeRule
        /// What each pass over the swept layer changes, and how many passes there are.
        package let refine: Refinement.Parts
        package let passes: Int
        package let dimension: String
        package let select: QuantizationOptions.Selection
        package let damping: Double
        package let symmetric: Bool
        package let activationOrder: Bool
        package let scaleType: ScaleType
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
    package let options: Options
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
    /// The file written; null where none was asked for.
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
        self.options = Options(options, threads: threads)
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

    /// What the metadata of the output say beside what the quantized weight itself does.
    package var facts: [String: String] {
        var facts = [
            "producer": "adadim \(versions.adadim)", "weight_type": weightType,
            "symmetric": "\(options.symmetric)", "activation_order": "\(options.activationOrder)",
            "select": options.select.rawValue, "ranges": options.ranges.rawValue,
            "refine": options.refine.rawValue, "passes": "\(options.passes)", "requested_dimension": options.dimension,
            "damping": "\(damping)", "damping_share": "\(dampingShare)",
            "requested_damping_share": "\(options.damping)", "inactive_inputs": "\(inactiveInputs)",
            "blas": versions.blas, "kernels": versions.kernels,
        ]
        if let tokens { facts["tokens"] = "\(tokens)" }
        return facts
    }
}

extension LayerReport.Options {
    fileprivate init(_ options: QuantizationOptions, threads: Int) {
        let direction =
            switch options.dimension {
            case .adaptive: "adaptive"
            case .fixed(let dimension): dimension.rawValue
            }
        self.init(
            bits: options.bits, groupSize: options.groupSize, method: options.method, ranges: options.ranges,
            refine: options.refinement.parts, passes: options.refinement.passes, dimension: direction,
            select: options.selection, damping: options.damping, symmetric: options.isSymmetric,
            activationOrder: options.activationOrder, scaleType: options.scaleType, threads: threads)
    }
}
