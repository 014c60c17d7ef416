import AdaDimArchitectures
import AdaDimCheckpoint
import AdaDimLinearAlgebra

/// A stage of a decoder block, its description resolved: with its weights, ready to run.
package struct ComputedStage: Sendable {
    /// As errors name it.
    package let name: String
    /// Whether what comes out is added to the residual stream.
    package let isAdded: Bool
    /// The linear layers, all of which take the stage's input.
    package internal(set) var layers: [ComputedLayer]

    let input: Input
    let operation: Operation

    enum Input: Sendable {
        /// The residual stream, normalized where there is a norm.
        case residual(RootMeanSquareNorm?)
        /// What the stage before has left.
        case carried
    }

    enum Operation: Sendable {
        case attention(BlockAttention)
        case gate
        case addition
    }

    /// Whether attention follows on the layers.
    package var isAttention: Bool { if case .attention = operation { true } else { false } }
}

/// A linear layer of a block.
package struct ComputedLayer: Sendable {
    /// Inside its block, as in `self_attn.q_proj`.
    package let name: String
    /// [out, in].
    package internal(set) var weight: Matrix<Float>
    /// [out, 1]; nil where there is none.
    let bias: Matrix<Float>?

    /// W·X + b, [out, tokens].
    func callAsFunction(_ input: Matrix<Float>) -> Matrix<Float> {
        var result = Matrix<Float>(uninitialized: weight.rows, input.columns)
        multiply(input, keeping: 0, &result)
        return result
    }

    /// target ← target + W·X + b, [out, tokens].
    func accumulate(_ input: Matrix<Float>, into target: inout Matrix<Float>) {
        multiply(input, keeping: 1, &target)
    }

    /// target ← W·X + b + share · target.
    private func multiply(_ input: Matrix<Float>, keeping share: Float, _ target: inout Matrix<Float>) {
        target.withMutableView { target in
            weight.withView { weight in
                input.withView { gemm(1, weight, .none, $0, .none, share, target) }
            }
            bias?.withView { target.add(toEveryColumn: $0) }
        }
    }
}

/// What is computed between the layers that make queries, keys and values and the layer after attention.
struct BlockAttention: Sendable {
    /// Norms of each head's queries and keys before they are rotated; nil where there are none.
    let queryNorm: RootMeanSquareNorm?
    let keyNorm: RootMeanSquareNorm?
    let attention: Attention

    /// What attention reads, [heads · d, tokens], from the stage's input [hidden, tokens].
    func read(_ layers: [ComputedLayer], _ input: Matrix<Float>, _ state: BlockState) -> Matrix<Float> {
        let (queries, keys) = queriesAndKeys(layers, input, state)
        return attention(queries: queries, keys: keys, values: layers[2](input), layout: state.layout)
    }

    /// How much each token's value makes of what attention gives.
    func squaredShares(_ layers: [ComputedLayer], _ input: Matrix<Float>, _ state: BlockState) -> [Float] {
        let (queries, keys) = queriesAndKeys(layers, input, state)
        return attention.squaredShares(queries: queries, keys: keys, layout: state.layout)
    }

    private func queriesAndKeys(
        _ layers: [ComputedLayer], _ input: Matrix<Float>, _ state: BlockState
    ) -> (queries: Matrix<Float>, keys: Matrix<Float>) {
        var queries = layers[0](input)
        var keys = layers[1](input)
        prepare(&queries, queryNorm, state)
        prepare(&keys, keyNorm, state)
        return (queries, keys)
    }

    /// Normalizes each head of `vectors` [heads · d, tokens] where the model does that, then rotates it.
    private func prepare(_ vectors: inout Matrix<Float>, _ norm: RootMeanSquareNorm?, _ state: BlockState) {
        vectors.withMutableView { vectors in
            if let norm {
                // The heads of a token follow each other in memory: the same elements as [d, heads · tokens].
                let count = vectors.columns * (vectors.rows / attention.headDimension)
                let heads = MutableMatrixView(
                    base: vectors.base, rows: attention.headDimension, columns: count,
                    leadingDimension: attention.headDimension)
                norm.apply(heads.reading, into: heads)
            }
            state.rotation.rotate(vectors, positions: state.layout.positions)
        }
    }
}
