import AdaDimExport
import AdaDimFormats
import AdaDimQuantization
import AdaDimQuantizedMatrices
import AdaDimRecipe

/// The contents of `quantization-report.json`.
package struct QuantizationReport: Sendable, Codable {
    /// Of one loss: ‖(W−Q)X‖²_F over the calibration tokens, and the same as a share of ‖WX‖²_F.
    package struct Loss: Sendable, Codable, Equatable {
        package let absolute: Double
        /// Null where there is no output to be a share of: of inputs that are never active, or of weights of zero.
        @NullWhereAbsent package internal(set) var relative: Double?

        init(absolute: Double, of energy: Double) {
            self.absolute = absolute
            relative = energy > 0 ? absolute / energy : nil
        }
    }

    /// The losses found for one direction; null where none was measured.
    package struct DirectionLosses: Sendable, Codable, Equatable {
        @NullWhereAbsent package internal(set) var rtn: Loss?
        @NullWhereAbsent package internal(set) var gptq: Loss?
        /// Of the sweep after its refinement.
        @NullWhereAbsent package internal(set) var refined: Loss?
        /// How many passes that took.
        @NullWhereAbsent package internal(set) var passes: Int?
    }

    /// How a layer compensates for the changes by earlier quantization. Its ``Layer/loss`` is then the distance from
    /// the corrected weight W′, not from W.
    package struct Correction: Sendable, Codable, Equatable {
        /// The share of W·(X − X_q) that it compensates for.
        package let inputs: Double
        /// The share of R − R_q that it compensates for; null where its output is not added to a residual stream.
        @NullWhereAbsent package internal(set) var residual: Double?
        /// ‖R − R_q‖²_F of that stream before the layer, and as a share of ‖R‖²_F.
        @NullWhereAbsent package internal(set) var residualLoss: Loss?
        package let outputs: OutputLosses
    }

    /// How far a layer's own outputs are from the original model's, W·X: shares of ‖W′·X_q‖²_F, which the layer's
    /// losses are shares of, too. With a share of the residual stream's shift, the outputs do not approximate W·X as
    /// closely as possible, on purpose.
    package struct OutputLosses: Sendable, Codable, Equatable {
        /// ‖W·X − W·X_q‖²_F: the change by earlier quantization through the layer's inputs, without its own.
        package let weight: Loss
        /// ‖W·X − W′·X_q‖²_F: what remains of it with the corrected weight.
        package let target: Loss
        /// ‖W·X − Q·X_q‖²_F: what remains with the quantized weight.
        package let quantized: Loss
    }

    /// Seconds of one layer's work. Gram and factor are shared by the layers of one input and are listed at its first
    /// layer.
    package struct LayerSeconds: Sendable, Codable, Equatable {
        /// The sum over all batches, the RMSNorm that makes their inputs where the stage begins with one, and the
        /// attention for token weights.
        package var gram = 0.0
        package var factor = 0.0
        package var reference = 0.0
        package var rtn = 0.0
        /// Sweeps and their refinement.
        package var sweep = 0.0
        /// Computing the target that compensates for earlier changes, and the distance of the outputs.
        package var correction = 0.0
        package var write = 0.0

        package init() {}

        package var total: Double { gram + factor + reference + rtn + sweep + correction + write }
    }

    package struct Layer: Sendable, Codable {
        package let name: String
        /// What a layer of no block is: `embedding`, `head` or `embeddingAndHead`; null for a layer of a block.
        @NullWhereAbsent package internal(set) var table: LayerPlace? = nil
        /// [out, in].
        package let shape: [Int]
        package let method: QuantizationOptions.Method
        package let bits: Int
        package let dimension: ChannelDimension
        package let groupSize: Int
        /// Weights of the last group of a channel where it is shorter than the others; null where it is not.
        @NullWhereAbsent package internal(set) var tailGroup: Int? = nil
        /// Of the layer as quantized: its distance from its target weight, on its inputs. Of a table of embeddings, whose
        /// inputs are tokens: how far their vectors move, summed over the calibration text.
        package let loss: Loss
        /// What ``loss`` is a share of.
        package let outputEnergy: Double
        /// Of every direction tried, by its name.
        package let losses: [String: DirectionLosses]
        /// Null without asymmetric calibration.
        @NullWhereAbsent package internal(set) var correction: Correction? = nil
        /// λ, in the units of the Gram matrix, and as a share of its mean diagonal.
        package let damping: Double
        package let dampingShare: Double
        /// Smaller dampings that left the Gram matrix without a factor.
        package let dampingRaises: [DampingAttempt]
        package let inactiveInputs: Int
        /// Bits per weight of what was written, overheads included.
        package internal(set) var bitsPerWeight: Double
        /// The same for the compressed-tensors format, even if another was written.
        package let packedBitsPerWeight: Double
        /// Why the layer was written dense although packing was requested; null otherwise.
        @NullWhereAbsent package internal(set) var denseBecause: String? = nil
        package var seconds: LayerSeconds
    }

    package struct Versions: Sendable, Codable, Equatable {
        package let adadim: String
        package let blas: String
        package let kernels: String
    }

    package struct Totals: Sendable, Codable, Equatable {
        /// Of the layers of blocks that have one.
        package var meanRelativeLoss = 0.0
        /// All of these layers' losses over all their outputs' energies: of the layer weightings that were tried, the one to
        /// which the model's own loss is most closely proportional (Documentation/Report.md).
        package var energyWeightedRelativeLoss = 0.0
        /// Of blocks or of none.
        package var quantizedLayers = 0
        package var perInputChannelLayers = 0
        /// Of the quantized layers: stored bits over weights.
        package var bitsPerWeight = 0.0
        /// The same for the compressed-tensors format, even if another was written.
        package var packedBitsPerWeight = 0.0
        package var seconds = 0.0
        /// What of it was spent on what.
        package var parts = Parts()
        /// The peak memory of the process so far; null where the system does not report it.
        @NullWhereAbsent package var peakMemoryBytes: Int? = nil
    }

    /// Seconds of a whole run by what they were spent on; they add up to all of it.
    package struct Parts: Sendable, Codable, Equatable {
        /// Waiting for weights that were not read yet when the block before was done.
        package var reading = 0.0
        /// Running the decoder blocks, but for what `gram` has of them.
        package var forward = 0.0
        /// Gram matrices, the RMSNorms before q, k, v and before gate, up where their layers are quantized, and the
        /// attention for token weights.
        package var gram = 0.0
        package var factor = 0.0
        /// ‖WX‖², the reference of relative losses.
        package var reference = 0.0
        package var rtn = 0.0
        package var sweep = 0.0
        /// Asymmetric calibration: the stream through the original model, the shift of inputs from it, and the layers'
        /// targets.
        package var correction = 0.0
        /// Dequantizing, for the layers after this one; such a weight is written as it is.
        package var replacing = 0.0
        package var writing = 0.0
        /// All the rest: opening the model, tokenizing, embedding.
        package var rest = 0.0

        package init() {}
    }

    /// Names the tool that wrote the directory; `--overwrite` replaces no other.
    package var producer = "adadim"
    /// Names of everything in the directory, this report included; `--overwrite` replaces no directory that holds more.
    package var files: [String] = []
    package let versions: Versions
    package let machine: MachineReport
    package internal(set) var options: RunSettings
    package var totals = Totals()
    package var layers: [Layer] = []

    /// Of a run that begins now, on this machine.
    package init(_ options: RunSettings) {
        versions = .current
        machine = .current
        self.options = options
    }

    package static let fileName = "quantization-report.json"
    /// The same to look at.
    package static let pageName = CarriedFiles.pageName
    /// The complete recipe of the run, as a file.
    package static let recipeName = CarriedFiles.recipeName
}

extension QuantizationReport.Parts {
    /// Each part under the name that a reader knows it by.
    package var all: [(name: String, seconds: Double)] {
        [
            ("decoder blocks", forward), ("Gram", gram), ("factor", factor), ("‖WX‖²", reference), ("RTN", rtn),
            ("sweep", sweep), ("correction", correction), ("replacing weights", replacing), ("reading", reading),
            ("writing", writing),
            ("rest", rest),
        ]
    }
}

extension QuantizationReport {
    /// Whether losses are ‖(W−Q)X‖² of the original weights and of tokens that count the same, as those of a plain run are.
    package var hasPlainLosses: Bool {
        options.recipe.tokenWeights == .equal && layers.allSatisfy { $0.correction == nil }
    }
}

extension [QuantizationReport.Loss] {
    /// The mean of the relative losses that there are; nil where there is none.
    package var meanRelative: Double? {
        let shares = compactMap(\.relative)
        return shares.isEmpty ? nil : shares.reduce(0, +) / Double(shares.count)
    }
}

extension QuantizationReport.Layer {
    /// Whether no token activated any of its inputs.
    package var isInactive: Bool { inactiveInputs == shape[1] }
    /// What the sweep lost in the layer's direction, and what was left of that when it was refined.
    package var swept: QuantizationReport.Loss? { losses[dimension.rawValue]?.gptq }
    package var refined: QuantizationReport.Loss? { losses[dimension.rawValue]?.refined }
}
