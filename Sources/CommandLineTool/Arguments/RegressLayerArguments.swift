import AdaDimFiles
import AdaDimLayerFiles
import AdaDimQuantization
import AdaDimRegression
import ArgumentParser
import Foundation

/// Layers of the user's own, and how they are quantized.
struct RegressLayerArguments: ParsableArguments {
    @Option(
        name: .customLong("layers"),
        help: ArgumentHelp(
            "Layers of your own, too: every .safetensors file in this folder, as 'adadim layer' reads it.",
            valueName: "folder"),
        completion: .directory)
    var folder: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Bits of your own layers' codes: \(QuantizationOptions.Grid.bitsText).", valueName: "n"))
    var bits = 4

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Weights of your own layers that share a scale and a zero point: a number, or \"channel\" for all weights of a channel. (default: 128)",
            valueName: "n|channel"),
        transform: GroupSizeArgument.init)
    var groupSize = GroupSizeArgument(weights: 128)

    func validate() throws {
        if let folder { try refuseEmpty(folder, "--layers", expected: "a folder") }
        try refuseOutOfRange { $0.options = options }
    }

    /// Adaptive, by the finished sweeps: both directions are swept and judged.
    var options: QuantizationOptions {
        QuantizationOptions(.fast) {
            $0.grid.bits = bits
            $0.grid.groupSize = groupSize.weights
            $0.direction = .adaptive(by: .sweep)
        }
    }

    /// One layer for each file, in the order of their names, which are the layers'. Headers are checked now, the rest
    /// when a layer's turn comes.
    func read() throws -> [UserLayer] {
        guard let folder else { return [] }
        guard FileStatus.kind(of: folder) == .directory else { throw RegressionError.noDirectory(path: folder) }
        let names = try names(inDirectory: folder)
            .filter { $0.hasSuffix(".safetensors") && !$0.isHiddenName }.sorted()
        guard !names.isEmpty else {
            throw RegressionError.nothingToRun(reason: "\(folder) holds no .safetensors file")
        }
        return try names.map { name in
            let file = try LayerFile(path: URL(argument: folder).appending(path: name).path)
            // The folder's name keeps them apart from the bundled ones.
            return UserLayer(
                name: "layers/\(name)", out: file.rows, inputs: file.columns,
                tokens: file.tokensAtOnce > 0 ? file.tokenCount ?? 0 : 0
            ) {
                (try file.weight, try file.activations().map { .activations($0) } ?? .gram(file.makeGram().symmetric()))
            }
        }
    }
}
