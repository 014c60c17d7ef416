import AdaDimReports
import Testing

/// Pages know layers by the names in a report alone.
struct LayerPlacesTests {
    private func names(_ block: Int, _ roles: [String]) -> [String] {
        roles.map { "model.layers.\(block).\($0.hasPrefix("g") || $0.hasPrefix("d") ? "mlp" : "self_attn").\($0)" }
    }

    /// Blocks in which different layers are skipped: each block's order stays.
    @Test(arguments: [
        ([["k", "v"], ["q", "k", "v", "o"]], ["q", "k", "v", "o"]),
        ([["q", "down"], ["q", "k", "o", "gate", "down"]], ["q", "k", "o", "gate", "down"]),
        ([["k", "o"], [], ["q", "v", "o", "down"]], ["k", "q", "v", "o", "down"]),
        ([["q"], ["v"]], ["q", "v"]),
    ])
    func rolesComeInTheModelsOrder(_ blocks: [[String]], _ expected: [String]) {
        let places = LayerPlaces(blocks.enumerated().flatMap { names($0, $1) })
        #expect(places.roles == expected)
        #expect(places.blocks == blocks.indices.filter { !blocks[$0].isEmpty })
    }

    @Test func placesAndGrids() {
        let places = LayerPlaces(["model.language_model.layers.12.mlp.down_proj", "lm_head", "h.3.attn.c_proj"])
        #expect(places.blocks == [3, 12] && places.roles == ["c_proj", "down_proj"])
        #expect(places[0]?.block == 12 && places[0]?.role == "down_proj" && places[1] == nil)
        let grid = places.grid { $0 }
        #expect(grid == [2, nil, nil, 0])
        #expect(places.column("down_proj", of: grid) == [nil, 0])
        #expect(places.column("q_proj", of: grid) == [])
    }
}
