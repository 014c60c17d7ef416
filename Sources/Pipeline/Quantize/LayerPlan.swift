import AdaDimCheckpoint
import AdaDimDecoder
import AdaDimQuantization
import Glibc

/// What becomes of each linear layer: the direction it is quantized in, or nothing for one that is skipped.
package struct LayerPlan: Sendable {
    private let decisions: [LinearLayer: QuantizationOptions.Dimension]

    /// Number of layers to be quantized.
    var count: Int { decisions.count }

    /// The last block with a layer to be quantized, and the last such stage of it: nothing behind them need be
    /// computed.
    let last: (block: Int, stage: BlockStage)

    /// Whether nothing that is to be quantized comes behind this stage.
    func isLast(_ stage: BlockStage, of block: Int) -> Bool {
        (block, stage.rawValue) >= (last.block, last.stage.rawValue)
    }

    /// The roles of the layers to be quantized, in whatever block.
    var roles: Set<LinearRole> { Set(decisions.keys.map(\.role)) }

    /// How a layer is to be quantized; nil for one that stays as it is.
    subscript(layer: LinearLayer) -> QuantizationOptions.Dimension? { decisions[layer] }

    /// - Throws: ``PipelineError/globMatchesNothing(option:glob:examples:)``, ``PipelineError/nothingToQuantize``.
    package init(_ job: QuantizationJob, blockCount: Int) throws(PipelineError) {
        let layers = LinearLayer.all(blocks: blockCount)
        let skipped = try Self.select(job.skip, from: layers, option: "--skip")
        let direction: (LinearLayer) -> QuantizationOptions.Dimension
        switch job.dimension {
        case .adaptive: direction = { _ in .adaptive }
        case .fixed(let dimension): direction = { _ in .fixed(dimension) }
        case .perInputChannel(let globs):
            let chosen = try Self.select(globs, from: layers, option: "--per-ic")
            direction = { .fixed(chosen.contains($0) ? .perInputChannel : .perOutputChannel) }
        }
        decisions = Dictionary(
            uniqueKeysWithValues: layers.filter { !skipped.contains($0) }.map { ($0, direction($0)) })
        let places = decisions.keys.flatMap { layer in
            BlockStage.allCases.filter { $0.roles.contains(layer.role) }.map { (block: layer.block, stage: $0) }
        }
        guard let last = places.max(by: { ($0.block, $0.stage.rawValue) < ($1.block, $1.stage.rawValue) }) else {
            throw .nothingToQuantize
        }
        self.last = last
    }

    /// The layers whose full name or last component matches one of the globs; every glob must match one.
    private static func select(
        _ globs: [String], from layers: [LinearLayer], option: String
    ) throws(PipelineError) -> Set<LinearLayer> {
        var selected: Set<LinearLayer> = []
        for glob in globs {
            let matching = layers.filter {
                fnmatch(glob, $0.moduleName, 0) == 0 || fnmatch(glob, $0.role.rawValue, 0) == 0
            }
            guard !matching.isEmpty else {
                throw .globMatchesNothing(option: option, glob: glob, example: layers.first?.moduleName ?? "")
            }
            selected.formUnion(matching)
        }
        return selected
    }
}
