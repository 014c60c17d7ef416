import AdaDimFiles
import AdaDimJSON
import AdaDimQuantization
import AdaDimQuantizedMatrices
import OrderedCollections
import Yams

/// A recipe in a file, YAML or JSON: settings by the names that reports use, and rules for layers by globs, in order.
///
///     bits: 3
///     groupSize: 64
///     effort: best
///     layers:
///       "*.down_proj": {bits: 4}
///       "model.layers.0.*": {skip: true}
package struct RecipeFile: Sendable {
    let path: String
    private let general: SettingChanges
    private let rules: [LayerRule]

    static let rulesName = "layers"
    /// Bytes that a file may have; a recipe for every layer of a large model has some hundred thousand.
    private static let mostBytes = 16 << 20

    /// - Throws: ``RecipeError``.
    package init(_ path: String) throws(RecipeError) {
        self.path = path
        var (general, rules) = (SettingChanges(), [LayerRule]())
        for member in try Self.members(path) {
            if member.name == Self.rulesName {
                rules = try Self.rules(member.value, path: path)
            } else {
                general.changes.append(member)
            }
        }
        self.general = general
        self.rules = rules
    }

    /// Rules by their globs, or a list of such rules, where a glob may occur more than once.
    private static func rules(_ value: JSONValue, path: String) throws(RecipeError) -> [LayerRule] {
        let parts = if case .array(let elements) = value { elements } else { [value] }
        var rules: [LayerRule] = []
        for part in parts {
            for rule in try members(of: part, place: path, name: rulesName) {
                let source = "\(path): \(rulesName)"
                let settings = try members(of: rule.value, place: source, name: rule.name)
                rules.append(try LayerRule(glob: rule.name, source: source, settings: SettingChanges(settings)))
            }
        }
        return rules
    }

    /// Names of the settings that it states for all layers.
    var generalNames: [String] { general.changes.map(\.name) }

    /// How codes are found, if the file says so.
    package var method: QuantizationOptions.Method? {
        get throws(RecipeError) { try choice("method") }
    }

    /// How much is done to lose less, if the file says so.
    package var effort: Effort? {
        get throws(RecipeError) { try choice("effort") }
    }

    /// The recipe that the file describes: the defaults of its method and effort, with what it says.
    package var recipe: ModelRecipe {
        get throws(RecipeError) { try applied(to: ModelRecipe(method ?? .gptq, effort)) }
    }

    /// A recipe with what the file says.
    /// - Throws: ``RecipeError``, also for a setting out of its range, and for one that needs a sweep where there is none.
    package func applied(to recipe: ModelRecipe) throws(RecipeError) -> ModelRecipe {
        var changed = try general.applied(to: recipe, place: path) { names in
            names.filter { $0 != ModelRecipe.rulesName } + [Self.rulesName]
        }
        changed.rules += rules
        if general["scaleType"] != nil { changed.statedScaleType = changed.options.grid.scaleType }
        try changed.validate(place: path)
        try changed.validateMethod(place: path)
        return changed
    }

    private func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String
    ) throws(RecipeError) -> Choice? where Choice.RawValue == String {
        guard let value = general[name], value != .null else { return nil }
        guard let choice = value.text.flatMap(Choice.init(rawValue:)) else {
            let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw .badValue(place: path, name: name, found: value.shown, expected: names)
        }
        return choice
    }

    // MARK: Reading

    private static func members(_ path: String) throws(RecipeError) -> [SettingChange] {
        let bytes: [UInt8]
        do {
            bytes = try readFile(path, atMost: mostBytes)
        } catch {
            throw .unreadable(place: path, reason: "\(error.reason)")
        }
        guard !path.hasSuffix(".json") else {
            do {
                return try members(of: JSONDocument(bytes, as: .strict).value, place: path, name: "the file")
            } catch let error as JSONFailure {
                throw .unreadable(place: path, reason: "\(error)")
            } catch let error as RecipeError {
                throw error
            } catch {
                throw .unreadable(place: path, reason: "\(error)")
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .unreadable(place: path, reason: "not UTF-8")
        }
        do {
            guard let node = try compose(yaml: text) else { return [] }
            var values = 0
            return try members(of: node.value(place: path, counting: &values), place: path, name: "the file")
        } catch let error as RecipeError {
            throw error
        } catch {
            throw .unreadable(place: path, reason: "\(error)")
        }
    }

    private static func members(
        of value: JSONValue, place: String, name: String
    ) throws(RecipeError) -> [SettingChange] {
        guard case .object(let members) = value else {
            throw .badValue(place: place, name: name, found: value.shown, expected: "settings by name")
        }
        return members.map { SettingChange($0.key.description, $0.value) }
    }
}

extension Node {
    /// Values of a file, at most: a short one with aliases of aliases has more of them than any memory holds.
    private static let mostValues = 1 << 20

    /// - Parameter count: of the values before it, and afterwards with those of this one.
    /// - Throws: ``RecipeError`` for names that are no text, and for too many values.
    fileprivate func value(place: String, counting count: inout Int) throws(RecipeError) -> JSONValue {
        count += 1
        guard count <= Self.mostValues else {
            throw .unreadable(place: place, reason: "more than \(Self.mostValues) values, those of aliases included")
        }
        switch self {
        case .scalar:
            if null != nil { return .null }
            if tag == Tag(.bool), let bool { return .boolean(bool) }
            if tag == Tag(.int), let int { return .integer(int) }
            // One that is no `Int` stays a text.
            if tag == Tag(.float), let float { return .real(float) }
            return .string(ByteString(string ?? ""))
        case .sequence(let sequence):
            var elements: [JSONValue] = []
            for node in sequence { elements.append(try node.value(place: place, counting: &count)) }
            return .array(elements)
        case .mapping(let mapping):
            var members: OrderedDictionary<ByteString, JSONValue> = [:]
            for (key, node) in mapping {
                guard let name = key.string else {
                    throw .badValue(place: place, name: "a name", found: "a list or an object", expected: "text")
                }
                members[ByteString(name)] = try node.value(place: place, counting: &count)
            }
            return .object(members)
        case .alias: throw .unreadable(place: place, reason: "an alias of YAML, expected a value")
        }
    }
}
