import AdaDimSafetensors
import Foundation

/// How the layers of a compressed-tensors checkpoint are packed: what `quantization_config` in config.json says, as
/// this project's export writes it (format pack-quantized, every layer's strategy block, integers, asymmetric).
package struct PackingScheme: Sendable, Equatable {
    /// One layer's codes, and the block of weights that shares a scale.
    package struct Layer: Sendable, Equatable {
        package let bits: Int
        package let blockRows: Int
        package let blockColumns: Int

        package init(bits: Int, blockRows: Int, blockColumns: Int) {
            self.bits = bits
            self.blockRows = blockRows
            self.blockColumns = blockColumns
        }
    }

    /// By this project's names of the modules.
    package let layers: [String: Layer]

    package init(layers: [String: Layer]) { self.layers = layers }

    /// Nil where config.json has no `quantization_config`.
    init?(configJSON: Data, file: String) throws(CheckpointError) {
        guard let config = try JSONKeys(configJSON, file: file).object("quantization_config") else { return nil }
        try Self.require(config, "quant_method", "compressed-tensors")
        try Self.require(config, "format", "pack-quantized")
        guard let groups = try config.object("config_groups") else {
            throw config.wrong("config_groups", expected: "an object of groups")
        }
        var layers: [String: Layer] = [:]
        var seen: Set<String> = []
        for name in groups.members.keys.sorted() {
            guard let group = try groups.object(name) else { throw groups.wrong(name, expected: "an object") }
            let layer = try Self.layer(group)
            guard let targets = try group.strings("targets") else {
                throw group.wrong("targets", expected: "a list of module names")
            }
            for target in targets {
                // A module that has two names, by the files and as a part of the whole model, is listed by both.
                guard let module = TensorNaming.full(module: target), seen.insert(target).inserted,
                    layers[module] == nil || layers[module] == layer
                else {
                    throw .unsupportedQuantization(
                        file: file,
                        reason: "\(group.path)targets has \"\(target)\", expected each module's full name, once")
                }
                layers[module] = layer
            }
        }
        self.init(layers: layers)
    }

    private static func layer(_ group: JSONKeys) throws(CheckpointError) -> Layer {
        for key in ["input_activations", "output_activations"] where group.value(key) != nil {
            throw group.wrong(key, expected: "null: only weights are quantized")
        }
        guard let weights = try group.object("weights") else { throw group.wrong("weights", expected: "an object") }
        try require(weights, "type", "int")
        try require(weights, "strategy", "block")
        guard try weights.boolean("symmetric") == false else { throw weights.wrong("symmetric", expected: "false") }
        guard let bits = try weights.size("num_bits"), bits <= 8 else {
            throw weights.wrong("num_bits", expected: "an integer from 1 to 8")
        }
        guard let block = weights.value("block_structure")?.wholeNumbers, block.count == 2, block.min() == 1
        else { throw weights.wrong("block_structure", expected: "[group size, 1] or [1, group size]") }
        return Layer(bits: bits, blockRows: block[0], blockColumns: block[1])
    }

    private static func require(_ keys: JSONKeys, _ key: String, _ expected: String) throws(CheckpointError) {
        let found = try keys.string(key) ?? "missing"
        guard found == expected else {
            throw .unsupportedQuantization(
                file: keys.file, reason: "\(keys.path)\(key) is \(found), expected \(expected)")
        }
    }
}
