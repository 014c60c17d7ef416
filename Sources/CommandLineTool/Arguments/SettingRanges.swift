import AdaDimRecipe
import ArgumentParser

/// Refuses options whose settings are out of range, as recipes are refused, by the options' names.
/// - Parameter set: sets what was given.
func refuseOutOfRange(_ set: (inout ModelRecipe) throws -> Void) throws {
    var recipe = ModelRecipe()
    try set(&recipe)
    do {
        try recipe.validate(place: "")
    } catch RecipeError.badValue(_, let name, let found, let expected) {
        throw ValidationError("\(optionName(ofSetting: name)) is \(found), expected \(expected)")
    }
}

/// As in `--sequence-length`.
private func optionName(ofSetting name: String) -> String {
    "--" + name.map { $0.isUppercase ? "-\($0.lowercased())" : "\($0)" }.joined()
}
