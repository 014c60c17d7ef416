/// The linear layers of a decoder block; the raw value is the last component of the module's name.
package enum LinearRole: String, Sendable, CaseIterable, Codable {
    case query = "q_proj"
    case key = "k_proj"
    case value = "v_proj"
    case output = "o_proj"
    case gate = "gate_proj"
    case up = "up_proj"
    case down = "down_proj"

    /// The module that holds the layer inside its block.
    package var parent: String {
        switch self {
        case .query, .key, .value, .output: "self_attn"
        case .gate, .up, .down: "mlp"
        }
    }
}

/// One linear layer of a model, and what its tensors are called.
package struct LinearLayer: Sendable, Hashable {
    package let block: Int
    package let role: LinearRole

    package init(block: Int, role: LinearRole) {
        self.block = block
        self.role = role
    }

    /// The layer of a module's name, as ``moduleName`` gives it; nil for any other name.
    package init?(moduleName: String) {
        let parts = moduleName.split(separator: ".")
        guard parts.count == 5, let block = Int(parts[2]), let role = LinearRole(rawValue: String(parts[4])) else {
            return nil
        }
        self.init(block: block, role: role)
        guard self.moduleName == moduleName else { return nil }
    }

    /// All of a model of so many blocks, block after block.
    package static func all(blocks: Int) -> [LinearLayer] {
        (0..<blocks).flatMap { block in LinearRole.allCases.map { LinearLayer(block: block, role: $0) } }
    }

    /// As in `model.layers.3.self_attn.q_proj`.
    package var moduleName: String { "model.layers.\(block).\(role.parent).\(role.rawValue)" }
    package var weightName: String { moduleName + ".weight" }
    package var biasName: String { moduleName + ".bias" }
}
