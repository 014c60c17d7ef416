import AdaDimFormats
import AdaDimQuantization

extension ModelRecipe {
    /// Checks each setting by itself, those of rules included. A run compares the type of the scales with its model's.
    /// - Parameter place: where the recipe comes from, as messages name it.
    package func validate(place: String) throws(RecipeError) {
        try options.validate(place: place)
        try sampling.validate(place: place)
        for (name, share) in [("correctInputs", correction.inputs), ("correctResidual", correction.residual)] {
            guard (0...1).contains(share) else {
                throw .badValue(place: place, name: name, found: "\(share)", expected: "a share, 0 to 1")
            }
        }
        for (name, bits) in [("embeddings", embeddings), ("head", head)] {
            guard let bits, !QuantizationOptions.Grid.supportedBits.contains(bits) else { continue }
            throw .badValue(place: place, name: name, found: "\(bits)", expected: QuantizationOptions.Grid.bitsText)
        }
        if let ggufType, format != .gguf {
            throw .badValue(
                place: place, name: "ggufType", found: ggufType.rawValue,
                expected: "null, since the format is \(format.name) and not \(ExportFormat.gguf.name)")
        }
        for rule in rules { _ = try rule.applied(to: options) }
    }

    /// Refuses what needs a sweep where the method has none.
    func validateMethod(place: String) throws(RecipeError) {
        guard options.method == .roundToNearest else { return }
        let found: [(name: String, value: String, expected: String)?] = [
            effort == nil || effort == .fast ? nil : ("effort", "\"\(effort?.rawValue ?? "")\"", "fast or null"),
            options.refinement.passes == 0 ? nil : ("passes", "\(options.refinement.passes)", "0"),
            options.factor.activationOrder ? ("activationOrder", "true", "false") : nil,
        ]
        if let (name, value, expected) = found.lazy.compactMap({ $0 }).first {
            throw .badValue(
                place: place, name: name, found: value, expected: "\(expected), since method rtn has no sweep")
        }
    }
}

extension QuantizationOptions {
    /// As ``validate()``, with the place in the error.
    func validate(place: String) throws(RecipeError) {
        do {
            try validate()
        } catch {
            guard case .settingOutOfRange(let name, let found, let expected) = error else {
                throw .unreadable(place: place, reason: "\(error)")
            }
            throw .badValue(place: place, name: name, found: found, expected: expected)
        }
    }
}

extension Sampling {
    /// Tokens of all sequences. More would not fit in any memory.
    package static let mostTokens = 1 << 31

    package func validate(place: String) throws(RecipeError) {
        let (count, length) = (samples ?? 1, sequenceLength ?? 1)
        for (name, count) in [("samples", count), ("sequenceLength", length)] where count < 1 {
            throw .badValue(place: place, name: name, found: "\(count)", expected: "at least 1")
        }
        let tokens = count.multipliedReportingOverflow(by: length)
        guard !tokens.overflow && tokens.partialValue <= Self.mostTokens else {
            throw .badValue(
                place: place, name: samples == nil ? "sequenceLength" : "samples",
                found: samples != nil && sequenceLength != nil
                    ? "\(count) of \(length) tokens" : "\(max(count, length))",
                expected: "at most \(Self.mostTokens) tokens in all")
        }
        if textField == "" {
            throw .badValue(place: place, name: "textField", found: "\"\"", expected: "a field's name, or null")
        }
    }
}
