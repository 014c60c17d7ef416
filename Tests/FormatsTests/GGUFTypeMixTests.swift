import AdaDimFormats
import AdaDimQuantizedMatrices
import Testing

/// Which layers get more bits than a mixture's name says.
@Suite("Mixtures of K-quants")
struct GGUFTypeMixTests {
    private func types(_ mix: GGUFTypeMix, _ module: String, queriesPerKey: Int = 1, blocks: Int = 32) -> [TwoLevelType]
    {
        (0..<blocks).map { mix.type(of: module, inBlock: $0, of: blocks, queriesPerKey: queriesPerKey) }
    }

    /// By hand from llama.cpp's rules, for 32 blocks.
    @Test func layersWithMoreBits() {
        let some: Set = [0, 1, 2, 3, 6, 9, 12, 15, 18, 21, 24, 27, 28, 29, 30, 31]
        for mix in [GGUFTypeMix.q4K, .q4KMedium] {
            #expect(types(mix, "attn_v") == (0..<32).map { some.contains($0) ? .q6K : .q4K })
            #expect(types(mix, "ffn_down") == types(mix, "attn_v"))
        }
        #expect(types(.q5KMedium, "ffn_down") == (0..<32).map { some.contains($0) ? .q6K : .q5K })
        #expect(types(.q3KMedium, "attn_v") == (0..<32).map { $0 < 2 ? .q5K : .q4K })
        #expect(types(.q3KMedium, "ffn_down") == types(.q3KMedium, "attn_v"))
        #expect(types(.q4KSmall, "attn_v") == (0..<32).map { $0 < 4 ? .q5K : .q4K })
        #expect(types(.q4KSmall, "ffn_down") == types(.q4KSmall, "attn_v"))
        #expect(types(.q2KSmall, "ffn_down") == (0..<32).map { $0 < 4 ? .q4K : .q2K })
        #expect(Set(types(.q2K, "attn_v")) == [.q3K] && Set(types(.q2K, "attn_v", queriesPerKey: 4)) == [.q4K])
        #expect(Set(types(.q2KSmall, "attn_v")) == [.q2K])
        for module in ["attn_v", "attn_output", "ffn_down"] { #expect(Set(types(.q3KLarge, module)) == [.q5K]) }
        #expect(Set(types(.q3KMedium, "attn_output")) == [.q4K] && Set(types(.q2K, "attn_output")) == [.q3K])
        for mix in GGUFTypeMix.allCases {
            for module in ["attn_q", "attn_k", "ffn_gate", "ffn_up"] { #expect(Set(types(mix, module)) == [mix.type]) }
            #expect(mix.rawValue.hasPrefix(mix.type.rawValue))
        }
        #expect(Set(types(.q3KSmall, "attn_v", queriesPerKey: 8, blocks: 80)) == [.q5K])
        #expect(Set(types(.q3KSmall, "ffn_down", queriesPerKey: 8, blocks: 80)) == [.q3K])
        for mix in [GGUFTypeMix.q3KSmall, .q5KSmall, .q6K] { #expect(Set(types(mix, "attn_v")) == [mix.type]) }
    }

    @Test func groupsOf32WhereBlocksOf256DoNotFit() {
        #expect(GGUFTypeMix.fallback(from: .q3K) == (4, false))
        #expect(GGUFTypeMix.fallback(from: .q6K) == (8, true))
    }
}
