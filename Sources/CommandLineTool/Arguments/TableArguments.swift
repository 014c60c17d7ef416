import AdaDimQuantization
import AdaDimRecipe
import ArgumentParser

/// What becomes of embeddings and of the output projection.
struct TableArguments: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Bits of the token embeddings: \(QuantizationOptions.Grid.bitsText). Each row is rounded to nearest, with searched ranges; where a model ties embeddings and lm_head, one table serves both, as --head has it. (default: left as they are)",
            valueName: "bits"))
    var embeddings: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Bits of lm_head: \(QuantizationOptions.Grid.bitsText). It is quantized as other layers are, per-OC, on the outputs of the last norm. (default: left as it is)",
            valueName: "bits"))
    var head: Int?

    func validate() throws { try refuseOutOfRange(set) }

    /// Overrides a recipe's settings by the options that were given.
    func set(_ recipe: inout ModelRecipe) {
        recipe.embeddings = embeddings ?? recipe.embeddings
        recipe.head = head ?? recipe.head
    }
}
