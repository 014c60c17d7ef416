import AdaDimQuantization
import AdaDimRecipe
import AdaDimTestSupport
import Foundation
import Testing

/// Documentation/Recipe.md beside what the program reads.
@Suite struct RecipeDocumentTests {
    private let text: String

    init() throws {
        text = try String(contentsOf: Repository.root.appending(path: "Documentation/Recipe.md"), encoding: .utf8)
    }

    @Test func theExampleIsRead() throws {
        let example = try #require(text.firstMatch(of: /```yaml\n((?:.|\n)*?)```/)?.1)
        let temporary = try TemporaryDirectory()
        defer { temporary.remove() }
        try Data(example.utf8).write(to: temporary.url.appending(path: "recipe.yaml"))
        let recipe = try RecipeFile(temporary.path("recipe.yaml")).applied(to: ModelRecipe(.best))
        #expect(recipe.options.grid.bits == 3 && recipe.sampling.samples == 32)
        #expect(recipe.rules.map(\.glob) == ["*.down_proj", "model.layers.0.*", "model.layers.0.mlp.up_proj"])
        let first = try recipe.rules[1].applied(to: recipe.options)
        #expect(first.grid.bits == 8 && first.grid.groupSize == nil)
    }

    /// Every setting of a complete recipe has its row, and no other has.
    @Test func theTableIsComplete() throws {
        let rows = text.matches(of: /(?m)^\| (`[^|]+`) \|/).flatMap { row in
            row.1.matches(of: /`(\w+)`/).map { String($0.1) }
        }
        let written = try RecipeFile.text(of: ModelRecipe(), title: "")
        let names = written.matches(of: /(?m)^(\w+):/).map { String($0.1) }
        #expect(Set(rows) == Set(names), "\(Set(rows).symmetricDifference(names))")
        #expect(rows.count == Set(rows).count)
        // Rules may hold the first of them.
        let last = try #require(rows.firstIndex(of: "refine"))
        let options = try JSONEncoder().encode(QuantizationOptions())
        let settings = try #require(try JSONSerialization.jsonObject(with: options) as? [String: Any])
        #expect(Set(rows[...last]) == Set(settings.keys))
    }
}
