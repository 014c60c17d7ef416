import AdaDimCheckpoint
import AdaDimLinearAlgebra

extension DecoderBlock {
    /// The input of the linear layers of the stage that `state` has come to, [in, tokens].
    package func input(of state: BlockState) -> Matrix<Float> {
        if let carried = state.carried { return carried }
        return (state.stage == .queryKeyValue ? inputNorm : postAttentionNorm).applied(to: state.hidden)
    }

    /// As ``input(of:)``; `state` keeps it for ``advance(_:)``, which need not compute it again.
    package func keepInput(of state: inout BlockState) -> Matrix<Float> {
        let input = input(of: state)
        state.carried = input
        return input
    }

    /// Runs the linear layers of the stage that `state` has come to, and goes on to the next stage's input.
    /// - Throws: ``DecoderError/nonFinite`` where NaN or infinity comes out.
    package func advance(_ state: inout BlockState) throws(DecoderError) {
        let input = input(of: state)
        state.carried = nil
        let stage = state.stage
        switch stage {
        case .queryKeyValue: state.carried = attend(input, state)
        case .gateUp: state.carried = gate(input)
        case .attentionOutput: accumulate(.output, of: input, into: &state.hidden)
        case .down: accumulate(.down, of: input, into: &state.hidden)
        }
        if let (feature, token) = (state.carried ?? state.hidden).firstNonFinite {
            let (sequence, position) = state.layout.place(of: token)
            throw .nonFinite(
                block: index, stage: stage, feature: feature, sequence: sequence, position: position)
        }
        state.stage = stage.next ?? .queryKeyValue
    }

    /// Runs `state`, which stands between blocks, through all four stages.
    package func forward(_ state: inout BlockState) throws(DecoderError) {
        precondition(state.stage == .queryKeyValue, "a state in the middle of a block enters block \(index)")
        for _ in BlockStage.allCases { try advance(&state) }
    }

    /// How much each token's value makes of what attention gives, in front of q, k and v: see
    /// ``Attention/squaredShares(queries:keys:layout:)``.
    package func squaredAttentionShares(_ state: BlockState) -> [Float] {
        precondition(state.stage == .queryKeyValue, "attention of a state at stage \(state.stage)")
        let (queries, keys) = queriesAndKeys(input(of: state), state)
        return attention.squaredShares(queries: queries, keys: keys, layout: state.layout)
    }

    /// What attention reads, [heads · d, tokens], from the stage's input [hidden, tokens].
    private func attend(_ input: Matrix<Float>, _ state: BlockState) -> Matrix<Float> {
        let (queries, keys) = queriesAndKeys(input, state)
        return attention(queries: queries, keys: keys, values: linear(.value, input), layout: state.layout)
    }

    private func queriesAndKeys(
        _ input: Matrix<Float>, _ state: BlockState
    ) -> (queries: Matrix<Float>, keys: Matrix<Float>) {
        var queries = linear(.query, input)
        var keys = linear(.key, input)
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

    /// SiLU(gate) · up, [intermediate, tokens].
    private func gate(_ input: Matrix<Float>) -> Matrix<Float> {
        var result = linear(.gate, input)
        linear(.up, input).withView { up in result.withMutableView { applySwiGLU(gate: $0, up: up) } }
        return result
    }

    /// W·X + b, [out, tokens].
    private func linear(_ role: LinearRole, _ input: Matrix<Float>) -> Matrix<Float> {
        let weight = weight(role)
        var result = Matrix<Float>(uninitialized: weight.rows, input.columns)
        multiply(role, weight, input, keeping: 0, &result)
        return result
    }

    /// target ← target + W·X + b, [out, tokens].
    private func accumulate(_ role: LinearRole, of input: Matrix<Float>, into target: inout Matrix<Float>) {
        multiply(role, weight(role), input, keeping: 1, &target)
    }

    /// target ← W·X + b + share · target.
    private func multiply(
        _ role: LinearRole, _ weight: Matrix<Float>, _ input: Matrix<Float>, keeping share: Float,
        _ target: inout Matrix<Float>
    ) {
        target.withMutableView { target in
            weight.withView { weight in
                input.withView { gemm(1, weight, .none, $0, .none, share, target) }
            }
            biases[role]?.withView { target.add(toEveryColumn: $0) }
        }
    }
}
