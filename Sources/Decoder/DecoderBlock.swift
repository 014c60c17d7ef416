import AdaDimCheckpoint
import AdaDimLinearAlgebra

/// One decoder block of a Llama-like model: attention and a gated feed-forward network, each behind an RMSNorm and
/// added to the residual stream. Runs in four stages, so that a linear layer can be replaced after its input was seen.
package struct DecoderBlock: Sendable {
    /// Place in the model, from 0.
    package let index: Int
    /// The linear layers, [out, in] each.
    package private(set) var weights: [LinearRole: Matrix<Float>]

    /// Biases of those linear layers that have one, [out, 1].
    let biases: [LinearRole: Matrix<Float>]
    let inputNorm: RootMeanSquareNorm
    let postAttentionNorm: RootMeanSquareNorm
    /// Norms of each head's queries and keys before they are rotated (Qwen3).
    let queryNorm: RootMeanSquareNorm?
    let keyNorm: RootMeanSquareNorm?
    let attention: Attention

    /// Reads block `index` of the model, and lets go of the file pages that it came from.
    /// - Throws: ``CheckpointError`` where a tensor is missing or misshapen, or holds NaN or infinity.
    package init(_ configuration: ModelConfiguration, index: Int, from checkpoint: Checkpoint) throws(CheckpointError) {
        precondition(index >= 0 && index < configuration.blockCount, "block \(index) of \(configuration.blockCount)")
        self.index = index
        var read: [String] = []

        func column(_ name: String, count: Int) throws(CheckpointError) -> Matrix<Float> {
            read.append(name)
            return Matrix(columnMajor: try checkpoint.vector(name, count: count), rows: count, columns: 1)
        }
        func norm(_ norm: BlockNorm) throws(CheckpointError) -> RootMeanSquareNorm {
            let weight = try column(norm.tensorName(block: index), count: configuration.length(of: norm))
            return RootMeanSquareNorm(weight: weight, epsilon: configuration.rmsNormEpsilon)
        }
        func normIfAny(_ name: BlockNorm) throws(CheckpointError) -> RootMeanSquareNorm? {
            configuration.blockNorms.contains(name) ? try norm(name) : nil
        }

        var weights: [LinearRole: Matrix<Float>] = [:]
        var biases: [LinearRole: Matrix<Float>] = [:]
        for role in BlockStage.allCases.flatMap(\.roles) {
            let layer = LinearLayer(block: index, role: role)
            let (out, width) = configuration.shape(of: role)
            read.append(layer.weightName)
            weights[role] = try checkpoint.matrix(layer.weightName, shape: (out, width))
            if checkpoint.storesBias(layer) { biases[role] = try column(layer.biasName, count: out) }
        }
        self.weights = weights
        self.biases = biases

        inputNorm = try norm(.input)
        postAttentionNorm = try norm(.postAttention)
        queryNorm = try normIfAny(.query)
        keyNorm = try normIfAny(.key)
        attention = Attention(
            heads: configuration.attentionHeads, keyValueHeads: configuration.keyValueHeads,
            headDimension: configuration.headDimension, window: configuration.slidingWindows[index])
        checkpoint.release(read)
    }

    /// The weight of a linear layer, [out, in]. A block holds all seven from its beginning.
    package func weight(_ role: LinearRole) -> Matrix<Float> {
        guard let weight = weights[role] else { preconditionFailure("block \(index) without \(role)") }
        return weight
    }

    /// Puts another weight of the same shape, [out, in], in a linear layer's place.
    package mutating func replace(_ role: LinearRole, with weight: Matrix<Float>) {
        let (rows, columns) = (self.weight(role).rows, self.weight(role).columns)
        precondition(
            weight.rows == rows && weight.columns == columns,
            "replacing \(role) of block \(index) by a weight [\(weight.rows), \(weight.columns)]")
        weights[role] = weight
    }
}
