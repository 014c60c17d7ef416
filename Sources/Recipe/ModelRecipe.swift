import AdaDimCorrection
import AdaDimFormats
import AdaDimQuantization
import AdaDimQuantizedMatrices

/// What is done to a whole model: the settings of its layers, and what only a model has. Reports contain it, and a file of it
/// repeats a run (``RecipeFile``).
package struct ModelRecipe: Sendable, Equatable {
    /// The effort that it was started from; some of its settings may have been changed since. nil for round-to-nearest, which has
    /// none.
    package var effort: Effort?
    /// The settings of a layer, unless a rule changes some. The type of the scales is the model's.
    package var options: QuantizationOptions
    /// The type of the scales that a file states, to be compared with the model's; nil where none does.
    package var statedScaleType: ScaleType?
    /// The shares of what earlier quantization changed that layers compensate for.
    package var correction: OutputCorrection
    /// How much each token counts in the Gram matrix of q, k and v.
    package var tokenWeights: TokenWeights
    /// What the inputs of layers are computed with.
    package var propagation: Propagation
    /// What a model is calibrated on, of the text that it is given.
    package var sampling: Sampling
    /// Bits of the token embeddings' codes; nil to leave them as they are. In a model that ties the two, ``head`` is the same
    /// table.
    package var embeddings: Int?
    /// Bits of the output projection's codes; nil to leave it as it is.
    package var head: Int?
    /// What the quantized model is written as.
    package var format: ExportFormat
    /// Which K-quant each layer gets, of format gguf; nil where ``options`` say what grids are.
    package var ggufType: GGUFTypeMix?
    /// What is different for some layers; a later rule overrides an earlier one.
    package var rules: [LayerRule]

    package init(_ effort: Effort = .balanced) {
        options = QuantizationOptions(effort)
        correction = .none
        tokenWeights = .equal
        propagation = .quantized
        sampling = Sampling()
        format = .dequantized
        rules = []
        apply(effort)
    }

    /// Sets what an effort is about, and leaves all else as it is.
    package mutating func apply(_ effort: Effort) {
        self.effort = effort
        options.apply(effort)
        correction = effort == .best ? OutputCorrection(inputs: 0.4, residual: 0.4) : .none
        tokenWeights = effort == .fast ? .equal : .attention
    }

    /// Sets a method, and the settings that it starts from: those of the effort; plain ones for round-to-nearest, which has
    /// neither a sweep nor an effort.
    package mutating func apply(_ method: QuantizationOptions.Method, _ effort: Effort?) {
        apply(method == .gptq ? effort ?? .balanced : .fast)
        options.method = method
        if method == .roundToNearest { self.effort = nil }
    }

    /// The settings that a method starts from.
    package init(_ method: QuantizationOptions.Method, _ effort: Effort?) {
        self.init()
        apply(method, effort)
    }

    /// The most that is done to lose less.
    package static var best: ModelRecipe { ModelRecipe(.best) }

    /// As it is carried out: nothing is corrected where layers see the inputs of the original model, which have not moved.
    package var carriedOut: ModelRecipe {
        var recipe = self
        if propagation == .original { recipe.correction = .none }
        return recipe
    }
}

/// The settings as one flat object, by the names that reports use.
extension ModelRecipe: Codable {
    private enum Key: String, CodingKey {
        case effort, tokenWeights, format, rules
        case embeddings, head, ggufType
        case correctInputs, correctResidual
        case propagation = "propagate"
    }

    /// What reports have the rules under; files have them by layer.
    static let rulesName = Key.rules.rawValue

    package func encode(to encoder: any Encoder) throws {
        try options.encode(to: encoder)
        try sampling.encode(to: encoder)
        var container = encoder.container(keyedBy: Key.self)
        // Null for none.
        try container.encode(effort, forKey: .effort)
        try container.encode(correction.inputs, forKey: .correctInputs)
        try container.encode(correction.residual, forKey: .correctResidual)
        try container.encode(tokenWeights, forKey: .tokenWeights)
        try container.encode(propagation, forKey: .propagation)
        // Null for what stays as it is.
        try container.encode(embeddings, forKey: .embeddings)
        try container.encode(head, forKey: .head)
        try container.encode(format, forKey: .format)
        try container.encode(ggufType, forKey: .ggufType)
        try container.encode(rules, forKey: .rules)
    }

    package init(from decoder: any Decoder) throws {
        options = try QuantizationOptions(from: decoder)
        sampling = try Sampling(from: decoder)
        let container = try decoder.container(keyedBy: Key.self)
        effort = try container.decode(Effort?.self, forKey: .effort)
        correction = OutputCorrection(
            inputs: try container.decode(Double.self, forKey: .correctInputs),
            residual: try container.decode(Double.self, forKey: .correctResidual))
        tokenWeights = try container.decode(TokenWeights.self, forKey: .tokenWeights)
        propagation = try container.decode(Propagation.self, forKey: .propagation)
        // Reports of earlier versions lack the three.
        embeddings = try container.decodeIfPresent(Int.self, forKey: .embeddings)
        head = try container.decodeIfPresent(Int.self, forKey: .head)
        ggufType = try container.decodeIfPresent(GGUFTypeMix.self, forKey: .ggufType)
        format = try container.decode(ExportFormat.self, forKey: .format)
        rules = try container.decode([LayerRule].self, forKey: .rules)
    }
}
