import AdaDimArchitectures

/// The names of a model's tensors in a GGUF file, and the order of their rows there.
package struct GGUFNaming: Sendable {
    /// A tensor of the file.
    package struct Tensor: Sendable, Equatable {
        package let name: String
        /// Rows of a head, where the rows of each head are permuted to the order in which llama.cpp rotates them; nil where rows
        /// are as the model has them.
        package let rowsPerHead: Int?
    }

    package let description: GGUFDescription
    private let tensors: [String: Tensor]

    /// - Returns: nil for an architecture that llama.cpp does not know.
    package init?(_ configuration: ModelConfiguration) {
        let architecture = configuration.architecture
        guard let description = architecture.gguf else { return nil }
        self.description = description
        let names = architecture.names
        var tensors: [String: Tensor] = [
            names.embeddingWeight: Tensor(name: "\(GGUFDescription.embedding).weight", rowsPerHead: nil),
            names.finalNormWeight: Tensor(name: "\(GGUFDescription.finalNorm).weight", rowsPerHead: nil),
            names.headWeight: Tensor(name: "\(GGUFDescription.head).weight", rowsPerHead: nil),
        ]
        for block in 0..<configuration.blockCount {
            for stage in configuration.stages(ofBlock: block) {
                // Of an attention's layers the first two make queries and keys.
                let permuted =
                    stage.isAttention && description.rotatesNeighbors ? stage.layers.prefix(2).map(\.name) : []
                func add(_ module: String, _ parameter: String) {
                    guard let stored = description.module(module, ofBlock: block) else { return }
                    tensors["\(names.module(module, ofBlock: block)).\(parameter)"] = Tensor(
                        name: "\(stored).\(parameter)",
                        rowsPerHead: permuted.contains(module) ? configuration.headDimension : nil)
                }
                for layer in stage.layers {
                    add(layer.name, "weight")
                    if description.biasedModules.contains(layer.name) { add(layer.name, "bias") }
                }
                for norm in stage.norms { add(norm.name, "weight") }
            }
        }
        self.tensors = tensors
    }

    /// The tensor of the file by this project's name; nil for one that has no place in it.
    package subscript(_ name: String) -> Tensor? { tensors[name] }

    /// This project's names by those of the file.
    var names: [String: String] { Dictionary(uniqueKeysWithValues: tensors.map { ($0.value.name, $0.key) }) }

    /// Where a row of a head goes: of halves that are rotated together, rows i and i + d/2, the file has rows 2i and 2i + 1.
    package static func place(ofRow row: Int, inHeadOf rows: Int) -> Int { row % (rows / 2) * 2 + row / (rows / 2) }
}
