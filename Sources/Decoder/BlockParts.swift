import AdaDimArchitectures
import AdaDimCheckpoint
import AdaDimLinearAlgebra

/// Reads the parts of one decoder block from a checkpoint, as the model's description says.
struct BlockParts {
    let checkpoint: Checkpoint
    let index: Int
    private var configuration: ModelConfiguration { checkpoint.configuration }
    /// The tensors that were read.
    private(set) var tensors: [String] = []

    init(_ checkpoint: Checkpoint, block index: Int) {
        self.checkpoint = checkpoint
        self.index = index
    }

    /// - Throws: ``CheckpointError`` where a tensor is missing or misshapen, or holds NaN or infinity, or where the stage
    ///   is not computed.
    mutating func stage(_ stage: BlockStage) throws(CheckpointError) -> ComputedStage {
        let operation: StageOperation
        do { operation = try StageOperation(stage) } catch { throw checkpoint.notComputed(error) }
        var layers: [ComputedLayer] = []
        for module in stage.layers { layers.append(try layer(module)) }
        let input: ComputedStage.Input =
            switch stage.input {
            case .residual(let module): .residual(try norm(module))
            case .carried: .carried
            }
        return ComputedStage(
            name: stage.name, isAdded: stage.isAdded, layers: layers, input: input,
            operation: try computed(operation))
    }

    private mutating func computed(_ operation: StageOperation) throws(CheckpointError) -> ComputedStage.Operation {
        switch operation {
        case .attention(let kind):
            let window = kind.hasWindow ? configuration.slidingWindows[index] : nil
            return .attention(
                BlockAttention(
                    queryNorm: try norm(kind.queryNorm), keyNorm: try norm(kind.keyNorm),
                    attention: Attention(
                        heads: configuration.attentionHeads, keyValueHeads: configuration.keyValueHeads,
                        headDimension: configuration.headDimension, window: window)))
        case .gate: return .gate
        case .addition: return .addition
        }
    }

    private mutating func layer(_ module: LinearModule) throws(CheckpointError) -> ComputedLayer {
        let (out, width) = configuration.shape(of: module)
        let name = configuration.architecture.names.module(module.name, ofBlock: index)
        tensors.append(name + ".weight")
        let weight = try checkpoint.matrix(name + ".weight", shape: (out, width))
        let bias = checkpoint.storesBias(module) ? try column(name + ".bias", count: out) : nil
        return ComputedLayer(name: module.name, weight: weight, bias: bias)
    }

    private mutating func norm(_ module: NormModule?) throws(CheckpointError) -> RootMeanSquareNorm? {
        guard let module else { return nil }
        let name = configuration.architecture.names.module(module.name, ofBlock: index) + ".weight"
        return RootMeanSquareNorm(
            weight: try column(name, count: configuration.count(module.width)), epsilon: configuration.rmsNormEpsilon)
    }

    private mutating func column(_ name: String, count: Int) throws(CheckpointError) -> Matrix<Float> {
        tensors.append(name)
        return Matrix(columnMajor: try checkpoint.vector(name, count: count), rows: count, columns: 1)
    }
}

extension Checkpoint {
    /// The error of a model that has a part which the decoder does not compute.
    func notComputed(_ part: UncomputedPart) -> CheckpointError {
        .notComputed(file: configFile.path, modelType: configuration.modelType, part: part.description)
    }
}
