import AdaDimArchitectures

/// One linear layer of a model: its place, and what its tensors are called.
package struct LinearLayer: Sendable, Hashable {
    package let block: Int
    /// The place of its stage among the block's.
    package let stage: Int
    /// Of the module inside its block, as in `self_attn.q_proj`.
    package let name: String
    /// As in `model.layers.3.self_attn.q_proj`.
    package let moduleName: String
    /// The last component of the name, by which reports group layers.
    package let role: String

    package init(_ module: LinearModule, block: Int, stage: Int, _ names: ModelNames) {
        self.block = block
        self.stage = stage
        name = module.name
        moduleName = names.module(module.name, ofBlock: block)
        role = module.role
    }

    package var weightName: String { moduleName + ".weight" }
    package var biasName: String { moduleName + ".bias" }

    // A module's name is its own.
    package static func == (one: LinearLayer, other: LinearLayer) -> Bool { one.moduleName == other.moduleName }
    package func hash(into hasher: inout Hasher) { hasher.combine(moduleName) }
}
