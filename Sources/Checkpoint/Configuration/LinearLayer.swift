import AdaDimArchitectures
import AdaDimFormats

/// One linear layer of a model: its place, and what its tensors are called. The table of token embeddings counts as one, with the
/// vocabulary as its outputs.
package struct LinearLayer: Sendable, Hashable {
    package let place: LayerPlace
    /// nil for a layer of no block.
    package let block: Int?
    /// The place of its stage among the block's; nil for a layer of no block.
    package let stage: Int?
    /// Of the module inside its block, as in `self_attn.q_proj`.
    package let name: String
    /// As in `model.layers.3.self_attn.q_proj`.
    package let moduleName: String
    /// The last component of the name, by which reports group layers.
    package let role: String

    package init(_ module: LinearModule, block: Int, stage: Int, _ names: ModelNames) {
        place = .block
        self.block = block
        self.stage = stage
        name = module.name
        moduleName = names.module(module.name, ofBlock: block)
        role = module.role
    }

    /// A layer of no block. One table that is both has the embeddings' name.
    package init(_ place: LayerPlace, _ names: ModelNames) {
        precondition(place != .block, "a layer of a block without the block")
        self.place = place
        (block, stage) = (nil, nil)
        name = place == .head ? names.head : names.embedding
        moduleName = place == .head ? names.head : names.prefix + names.embedding
        role = name
    }

    /// The weight's name, unless a table is stored under another one: ``Checkpoint/weightName(of:)``.
    package var weightName: String { moduleName + ".weight" }
    package var biasName: String { moduleName + ".bias" }

    // A module's name is its own.
    package static func == (one: LinearLayer, other: LinearLayer) -> Bool { one.moduleName == other.moduleName }
    package func hash(into hasher: inout Hasher) { hasher.combine(moduleName) }
}
