/// Which settings a user has stated, and where; all others are defaults, which a run may change.
package struct StatedSettings: Sendable, Equatable {
    /// The place by the setting's name in files, as messages name it: `--bits`, or `recipe.yaml: bits`.
    private var places: [String: String] = [:]

    package init() {}

    /// Where a setting is stated; nil where it is not.
    package subscript(name: String) -> String? { places[name] }

    /// Notes a setting as stated at a place, if it is.
    package mutating func note(_ name: String, at place: String, if isStated: Bool = true) {
        if isStated { places[name] = place }
    }
}

extension RecipeFile {
    /// What the file's general part states.
    package var stated: StatedSettings {
        var stated = StatedSettings()
        for name in generalNames { stated.note(name, at: "\(path): \(name)") }
        return stated
    }
}
