import AdaDimCheckpoint
import AdaDimQuantization
import Glibc

/// What becomes of each linear layer: the direction it is quantized in, or nothing for one that is skipped.
package struct LayerPlan: Sendable {
    private let decisions: [LinearLayer: QuantizationOptions.Dimension]
    /// The layers of each block that are to be quantized, in the order of computation.
    private let blocks: [[LinearLayer]]

    /// Number of layers to be quantized.
    var count: Int { decisions.count }

    /// The last block with a layer to be quantized, and the place of the last such stage of it: nothing after them need be
    /// computed.
    let last: (block: Int, stage: Int)

    /// Whether nothing that is to be quantized comes after this stage.
    func isLast(stage: Int, ofBlock block: Int) -> Bool { (block, stage) >= last }

    /// The names inside their blocks of the layers to be quantized, in whatever block.
    var names: Set<String> { Set(decisions.keys.map(\.name)) }

    /// The layers of a stage that are to be quantized.
    func layers(ofStage stage: Int, inBlock block: Int) -> [LinearLayer] { blocks[block].filter { $0.stage == stage } }

    /// How a layer is to be quantized; nil for one that stays as it is.
    subscript(layer: LinearLayer) -> QuantizationOptions.Dimension? { decisions[layer] }

    /// - Throws: ``PipelineError/globMatchesNothing(option:glob:examples:)``, ``PipelineError/nothingToQuantize``.
    package init(_ job: QuantizationJob, _ configuration: ModelConfiguration) throws(PipelineError) {
        let layers = configuration.layers
        let skipped = try Self.select(job.skip, from: layers, option: "--skip")
        let direction: (LinearLayer) -> QuantizationOptions.Dimension
        switch job.dimension {
        case .adaptive: direction = { _ in .adaptive }
        case .fixed(let dimension): direction = { _ in .fixed(dimension) }
        case .perInputChannel(let globs):
            let chosen = try Self.select(globs, from: layers, option: "--per-ic")
            direction = { .fixed(chosen.contains($0) ? .perInputChannel : .perOutputChannel) }
        }
        let chosen = layers.filter { !skipped.contains($0) }
        guard let last = chosen.last else { throw .nothingToQuantize }
        self.last = (last.block, last.stage)
        decisions = Dictionary(uniqueKeysWithValues: chosen.map { ($0, direction($0)) })
        let ofBlock = Dictionary(grouping: chosen, by: \.block)
        blocks = (0..<configuration.blockCount).map { ofBlock[$0] ?? [] }
    }

    /// The layers whose full name or last component matches one of the globs; every glob must match one.
    private static func select(
        _ globs: [String], from layers: [LinearLayer], option: String
    ) throws(PipelineError) -> Set<LinearLayer> {
        var selected: Set<LinearLayer> = []
        for glob in globs {
            let matching = layers.filter {
                fnmatch(glob, $0.moduleName, 0) == 0 || fnmatch(glob, $0.role, 0) == 0
            }
            guard !matching.isEmpty else {
                throw .globMatchesNothing(option: option, glob: glob, example: layers.first?.moduleName ?? "")
            }
            selected.formUnion(matching)
        }
        return selected
    }
}
