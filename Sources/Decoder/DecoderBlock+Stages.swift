import AdaDimLinearAlgebra

extension DecoderBlock {
    /// The stage that `state` has come to.
    package func stage(of state: BlockState) -> ComputedStage { stages[state.stage] }

    /// The input of the linear layers of `state`'s stage, [in, tokens].
    package func input(of state: BlockState) -> Matrix<Float> {
        if let carried = state.carried { return carried }
        guard case .residual(let norm) = stage(of: state).input else {
            preconditionFailure("nothing carried to stage \(stage(of: state).name) of block \(index)")
        }
        return norm?.applied(to: state.hidden) ?? state.hidden
    }

    /// As ``input(of:)``; `state` keeps it for ``advance(_:)``, which need not compute it again.
    package func keepInput(of state: inout BlockState) -> Matrix<Float> {
        let input = input(of: state)
        state.carried = input
        return input
    }

    /// Runs the linear layers of `state`'s stage, up to the next stage's input.
    /// - Throws: ``DecoderError/nonFinite`` where the result has NaN or infinity.
    package func advance(_ state: inout BlockState) throws(DecoderError) {
        let input = input(of: state)
        state.carried = nil
        let stage = stage(of: state)
        switch stage.operation {
        case .attention(let attention): state.carried = attention.read(stage.layers, input, state)
        case .gate: state.carried = gated(stage.layers, input)
        case .addition: stage.layers[0].accumulate(input, into: &state.hidden)
        }
        if let (feature, token) = (state.carried ?? state.hidden).firstNonFinite {
            let (sequence, position) = state.layout.place(of: token)
            throw .nonFinite(
                block: index, stage: stage.name, feature: feature, sequence: sequence, position: position)
        }
        state.stage = (state.stage + 1) % stages.count
    }

    /// Runs `state`, which is between blocks, through all stages.
    package func forward(_ state: inout BlockState) throws(DecoderError) {
        precondition(state.stage == 0, "a state in the middle of a block enters block \(index)")
        for _ in stages { try advance(&state) }
    }

    /// How much each token's value makes of what attention gives, before the layers of a stage that attention follows: see
    /// ``Attention/squaredShares(queries:keys:layout:)``.
    package func squaredAttentionShares(_ state: BlockState) -> [Float] {
        let stage = stage(of: state)
        guard case .attention(let attention) = stage.operation else {
            preconditionFailure("attention of a state at stage \(stage.name)")
        }
        return attention.squaredShares(stage.layers, input(of: state), state)
    }

    /// SiLU(gate) · up, [intermediate, tokens].
    private func gated(_ layers: [ComputedLayer], _ input: Matrix<Float>) -> Matrix<Float> {
        var result = layers[0](input)
        layers[1](input).withView { up in result.withMutableView { applySwiGLU(gate: $0, up: up) } }
        return result
    }
}
