import AdaDimRecipe
import ArgumentParser

/// Settings from a file.
struct RecipeArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Settings from a file, YAML or JSON, by the names that reports use, and rules for layers by globs. Options given as well override its general part; --method and --effort replace all that depends on them. Each output has the recipe that it was made with, quantization-recipe.yaml. (default: none)",
            valueName: "file"), completion: .file(extensions: ["yaml", "yml", "json"]))
    var recipe: String?

    func validate() throws {
        if let recipe { try refuseEmpty(recipe, "--recipe", expected: "a file") }
    }

    /// The file; nil where none is given.
    func read() throws -> RecipeFile? { try recipe.map { try RecipeFile($0) } }
}
