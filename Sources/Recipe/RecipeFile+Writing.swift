import AdaDimFiles
import AdaDimJSON
import AdaDimQuantization
import Foundation
import Yams

extension RecipeFile {
    /// A recipe as a file has it, complete: `quantize --recipe` with it repeats the run that it is of.
    /// - Parameter title: a line before the settings, as a comment.
    package static func text(of recipe: ModelRecipe, title: String) throws -> String {
        var general = recipe
        general.rules = []
        var members = try JSONDocument([UInt8](JSONEncoder().encode(general))).value.members ?? [:]
        if recipe.sampling.seed > UInt64(Int.max) { members["seed"] = .string(ByteString("\(recipe.sampling.seed)")) }
        var settings = members.sorted { $0.key < $1.key }.filter { $0.key != "rules" }.map {
            (node($0.key), node($0.value))
        }
        if !recipe.rules.isEmpty {
            let rules = recipe.rules.map { rule in
                let skips = rule.skips.map { [SettingChange(LayerRule.skipName, .boolean($0))] } ?? []
                let changes = (skips + rule.changes.changes).map { (node($0.name), node($0.value)) }
                return (node(rule.glob), Node(changes, .implicit, .flow))
            }
            // An object has each name once.
            let isUnique = Set(recipe.rules.map(\.glob)).count == rules.count
            settings.append((node(rulesName), isUnique ? Node(rules) : Node(rules.map { Node([$0]) })))
        }
        return "# \(title)\n" + (try serialize(node: Node(settings)))
    }

    private static func node(_ name: String) -> Node { Node(name) }

    private static func node(_ value: JSONValue) -> Node {
        switch value {
        case .null: Node("null", Tag(.null))
        case .boolean(let value): Node("\(value)", Tag(.bool))
        case .integer(let value): Node("\(value)", Tag(.int))
        case .real(let value): Node("\(value)", Tag(.float))
        // A name that would be read as another kind of value is quoted.
        case .string(let text): quoted("\(text)")
        case .array, .object: preconditionFailure("a setting that has no single value")
        }
    }

    private static func quoted(_ text: String) -> Node {
        let plain = Node(text)
        return plain.tag == Tag(.str) ? plain : Node(text, Tag(.str), .doubleQuoted)
    }
}
