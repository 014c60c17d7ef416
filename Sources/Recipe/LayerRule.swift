import AdaDimJSON
import AdaDimQuantization
import AdaDimQuantizedMatrices

/// What is different for the layers whose names match a glob.
package struct LayerRule: Sendable {
    /// Matched by a layer's full name or by its last part.
    package let glob: String
    /// Where it comes from, as messages name it: an option, or a file's `layers`.
    package let source: String
    /// Whether the layers stay as they are; nil for what an earlier rule says.
    package let skips: Bool?
    /// What else is different.
    package let changes: SettingChanges

    /// Layers that stay as they are.
    package static func skipping(_ glob: String, source: String) -> LayerRule {
        LayerRule(glob: glob, source: source, skips: true, changes: SettingChanges())
    }

    /// Layers whose groups run inside input channels.
    package static func perInputChannel(_ glob: String, source: String) -> LayerRule {
        LayerRule(
            glob: glob, source: source, skips: nil,
            changes: SettingChanges([.init("dimension", ChannelDimension.perInputChannel.rawValue)]))
    }

    init(glob: String, source: String, skips: Bool?, changes: SettingChanges) {
        self.glob = glob
        self.source = source
        self.skips = skips
        self.changes = changes
    }

    /// - Parameter settings: by name, as a file has them; `skip` is true or false.
    /// - Throws: ``RecipeError/badValue(place:name:found:expected:)`` for another `skip`.
    init(glob: String, source: String, settings: SettingChanges) throws(RecipeError) {
        var skips: Bool?
        var changes = SettingChanges()
        for change in settings.changes {
            guard change.name == Self.skipName else {
                changes.changes.append(change)
                continue
            }
            guard case .boolean(let value) = change.value else {
                throw .badValue(
                    place: "\(source) \(glob)", name: change.name, found: change.value.shown,
                    expected: "true or false")
            }
            skips = value
        }
        self.init(glob: glob, source: source, skips: skips, changes: changes)
    }

    static let skipName = "skip"

    /// A layer's settings, with those of this rule.
    /// - Throws: ``RecipeError``, also for a setting out of its range.
    package func applied(to options: QuantizationOptions) throws(RecipeError) -> QuantizationOptions {
        let place = "\(source) \(glob)"
        let changed = try changes.applied(to: options, place: place) { $0 + [Self.skipName] }
        try changed.validate(place: place)
        return changed
    }
}

extension LayerRule: Equatable {
    /// Rules do the same, wherever they come from.
    package static func == (left: LayerRule, right: LayerRule) -> Bool {
        left.glob == right.glob && left.skips == right.skips && left.changes == right.changes
    }
}

/// One object of a list, which keeps the order: the glob as `layers`, and what is different.
extension LayerRule: Codable {
    private static let globName = "layers"

    package func encode(to encoder: any Encoder) throws {
        var members = [SettingChange(Self.globName, glob)]
        if let skips { members.append(SettingChange(Self.skipName, .boolean(skips))) }
        try SettingChanges(members + changes.changes).encode(to: encoder)
    }

    package init(from decoder: any Decoder) throws {
        var settings = try SettingChanges(from: decoder)
        guard let place = settings.changes.firstIndex(where: { $0.name == Self.globName }),
            let glob = settings.changes.remove(at: place).value.text
        else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "a rule without \(Self.globName)"))
        }
        try self.init(glob: glob, source: "rules", settings: settings)
    }
}
