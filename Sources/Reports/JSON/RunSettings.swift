import AdaDimJSON
import AdaDimRecipe
import Foundation

/// What a model was quantized or inspected with: the recipe, and what it was given to. One flat object.
package struct RunSettings: Sendable, Equatable {
    /// As it was carried out, with what was drawn in place of what was left open.
    package internal(set) var recipe: ModelRecipe
    package let threads: Int
    /// Name of the model's directory.
    package let model: String
    /// The calibration file, as it was given.
    package let calibration: String

    package init(_ recipe: ModelRecipe, threads: Int, model: String, calibration: String) {
        self.recipe = recipe
        self.threads = threads
        self.model = model
        self.calibration = calibration
    }
}

extension RunSettings: Codable {
    private enum Key: String, CodingKey {
        case threads, model, calibration
        // Of rules, as earlier versions have them.
        case dimension, perInputChannel, skip
    }

    /// In place of a direction where some layers are per-IC and all others per-OC, by `perInputChannel`.
    private static let selective = "selective"

    package func encode(to encoder: any Encoder) throws {
        try recipe.encode(to: encoder)
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(threads, forKey: .threads)
        try container.encode(model, forKey: .model)
        try container.encode(calibration, forKey: .calibration)
        try container.encode(recipe.skippedGlobs, forKey: .skip)
        try container.encode(recipe.perInputChannelGlobs, forKey: .perInputChannel)
        if recipe.perInputChannelGlobs != nil { try container.encode(Self.selective, forKey: .dimension) }
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        threads = try container.decode(Int.self, forKey: .threads)
        model = try container.decode(String.self, forKey: .model)
        calibration = try container.decode(String.self, forKey: .calibration)
        guard try container.decode(String.self, forKey: .dimension) == Self.selective else {
            recipe = try ModelRecipe(from: decoder)
            return
        }
        var settings = try SettingChanges(from: decoder)
        settings.changes.append(SettingChange(Key.dimension.rawValue, "per-oc"))
        let text = try JSONEncoder().encode(settings)
        recipe = try JSONDecoder().decode(ModelRecipe.self, from: text)
    }
}
