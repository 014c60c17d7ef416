import AdaDimQuantizedMatrices

/// Which K-quant each layer of a model gets, by llama.cpp's names for its mixtures: some layers get more bits than the name says.
///
/// | mixture | attn_v | attn_output | ffn_down | all others |
/// |---|---|---|---|---|
/// | Q2_K | Q3_K, with four queries or more to a key Q4_K | Q3_K | Q3_K | Q2_K |
/// | Q2_K_S | Q2_K, with four queries or more to a key Q4_K | Q2_K | first eighth Q4_K | Q2_K |
/// | Q3_K_S | Q3_K | Q3_K | Q3_K | Q3_K |
/// | Q3_K_M | first two Q5_K, then Q4_K | Q4_K | first sixteenth Q5_K, then Q4_K | Q3_K |
/// | Q3_K_L | Q5_K | Q5_K | Q5_K | Q3_K |
/// | Q4_K_S | first four Q5_K | Q4_K | first eighth Q5_K | Q4_K |
/// | Q4_K_M | some Q6_K | Q4_K | some Q6_K | Q4_K |
/// | Q5_K_S | Q5_K | Q5_K | Q5_K | Q5_K |
/// | Q5_K_M | some Q6_K | Q5_K | some Q6_K | Q5_K |
/// | Q6_K | Q6_K | Q6_K | Q6_K | Q6_K |
///
/// Of models of 80 blocks whose queries share keys, attn_v has Q5_K where the table says Q3_K or Q4_K.
///
/// Some are the first and the last eighth of the blocks, and every third between. Q3_K, Q4_K and Q5_K are Q3_K_M, Q4_K_M and
/// Q5_K_M, as they are to llama.cpp's quantizer. Source: `llama_tensor_get_type` of llama-quant.cpp, for models without experts.
package enum GGUFTypeMix: String, Sendable, NamedChoice {
    case q2K = "Q2_K"
    case q2KSmall = "Q2_K_S"
    case q3K = "Q3_K"
    case q3KSmall = "Q3_K_S"
    case q3KMedium = "Q3_K_M"
    case q3KLarge = "Q3_K_L"
    case q4K = "Q4_K"
    case q4KSmall = "Q4_K_S"
    case q4KMedium = "Q4_K_M"
    case q5K = "Q5_K"
    case q5KSmall = "Q5_K_S"
    case q5KMedium = "Q5_K_M"
    case q6K = "Q6_K"

    /// That of most layers.
    package var type: TwoLevelType {
        switch self {
        case .q2K, .q2KSmall: .q2K
        case .q3K, .q3KSmall, .q3KMedium, .q3KLarge: .q3K
        case .q4K, .q4KSmall, .q4KMedium: .q4K
        case .q5K, .q5KSmall, .q5KMedium: .q5K
        case .q6K: .q6K
        }
    }

    /// `general.file_type` of a file of it (`llama_ftype` of llama.h).
    package var fileType: UInt32 {
        switch self {
        case .q2K: 10
        case .q3KSmall: 11
        case .q3K, .q3KMedium: 12
        case .q3KLarge: 13
        case .q4KSmall: 14
        case .q4K, .q4KMedium: 15
        case .q5KSmall: 16
        case .q5K, .q5KMedium: 17
        case .q6K: 18
        case .q2KSmall: 21
        }
    }

    /// The type of a layer whose rows 256 divides.
    /// - Parameters:
    ///   - module: llama.cpp's name of it inside its block, as in `attn_v`.
    ///   - block: the block's number.
    ///   - blocks: of the model.
    ///   - queriesPerKey: heads of queries that share one of keys.
    package func type(
        of module: String, inBlock block: Int, of blocks: Int, queriesPerKey: Int
    ) -> TwoLevelType {
        let type = ofTable(module, block, blocks, queriesPerKey)
        let isSmall = module == "attn_v" && blocks == 80 && queriesPerKey > 1 && [.q3K, .q4K].contains(type)
        return isSmall ? .q5K : type
    }

    private func ofTable(_ module: String, _ block: Int, _ blocks: Int, _ queriesPerKey: Int) -> TwoLevelType {
        let isFavored =
            block < blocks / 8 || block >= 7 * blocks / 8 || (block - blocks / 8) % 3 == 2
        switch (self, module) {
        case (.q2K, "attn_v"): return queriesPerKey >= 4 ? .q4K : .q3K
        case (.q2KSmall, "attn_v"): return queriesPerKey >= 4 ? .q4K : .q2K
        case (.q2K, "attn_output"), (.q2K, "ffn_down"): return .q3K
        case (.q2KSmall, "ffn_down"): return block < blocks / 8 ? .q4K : .q2K
        case (.q3K, "attn_v"), (.q3KMedium, "attn_v"): return block < 2 ? .q5K : .q4K
        case (.q3K, "attn_output"), (.q3KMedium, "attn_output"): return .q4K
        case (.q3K, "ffn_down"), (.q3KMedium, "ffn_down"): return block < blocks / 16 ? .q5K : .q4K
        case (.q3KLarge, "attn_v"), (.q3KLarge, "attn_output"), (.q3KLarge, "ffn_down"): return .q5K
        case (.q4KSmall, "attn_v"): return block < 4 ? .q5K : .q4K
        case (.q4KSmall, "ffn_down"): return block < blocks / 8 ? .q5K : .q4K
        case (.q4K, "attn_v"), (.q4KMedium, "attn_v"), (.q5K, "attn_v"), (.q5KMedium, "attn_v"), (.q4K, "ffn_down"),
            (.q4KMedium, "ffn_down"), (.q5K, "ffn_down"), (.q5KMedium, "ffn_down"):
            return isFavored ? .q6K : type
        default: return type
        }
    }

    /// The group size of a layer whose rows 256 does not divide.
    package static let fallbackGroupSize = 32

    /// What a layer gets whose rows 256 does not divide: a grid of groups of 32, as bits and whether it is symmetric.
    package static func fallback(from type: TwoLevelType) -> (bits: Int, isSymmetric: Bool) {
        switch type {
        case .q2K, .q3K, .q4K: (4, false)
        case .q5K, .q6K: (8, true)
        }
    }
}
