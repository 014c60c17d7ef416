import AdaDimArchitectures

/// What the decoder does with the outputs of a stage's layers: of all that a description can say, what it computes.
enum StageOperation: Sendable {
    /// Of queries, keys and values, one layer each. Halves of every head are rotated by their positions.
    case attention(AttentionKind)
    /// SiLU(gate) · up, one layer each.
    case gate
    /// The output of the one layer is added to the residual stream.
    case addition

    /// - Throws: ``UncomputedPart``, where the stage has anything else.
    init(_ stage: BlockStage) throws(UncomputedPart) {
        func refuse(_ isThere: Bool, _ part: String) throws(UncomputedPart) {
            if isThere { throw UncomputedPart(description: "\(part) (stage \(stage.name))") }
        }
        for layer in stage.layers {
            try refuse(layer.outputs.count != 1, "a fused projection \(layer.name)")
            if case .rows(let module, _) = layer.storage {
                try refuse(true, "a layer \(layer.name) stored as rows of \(module)")
            }
        }
        for norm in stage.norms {
            try refuse(norm.kind != .rootMeanSquare, "a norm \(norm.name) other than RMSNorm")
        }
        if case .residual(let norm?) = stage.input {
            try refuse(norm.width != .hidden, "a norm \(norm.name) over other features than the residual stream's")
        }
        if case .carried(let norm?) = stage.input { try refuse(true, "a norm \(norm.name) inside a sublayer") }
        if case .residual(let norm?) = stage.output { try refuse(true, "a norm \(norm.name) after a sublayer") }

        // Attention and gates are followed by a layer, whose output is added.
        let endsAsUsual = stage.isAdded == (stage.operation == .none)
        switch stage.operation {
        case .attention(let kind):
            try refuse(
                stage.layers.count != 3 || !endsAsUsual, "attention in another form than queries, keys and values")
            for norm in [kind.queryNorm, kind.keyNorm].compactMap({ $0 }) {
                try refuse(norm.width != .headDimension, "a norm \(norm.name) over all heads")
            }
            try refuse(kind.rotary != .halves, "another rotary embedding than of a head's halves")
            try refuse(kind.scale != .headDimension, "scores scaled by another number than 1/√head_dim")
            try refuse(kind.softCapKey != nil, "a soft cap \(kind.softCapKey ?? "") on scores")
            self = .attention(kind)
        case .gate(let activation):
            try refuse(activation != .silu, "a gate of \(activation.names[0])")
            try refuse(stage.layers.count != 2 || !endsAsUsual, "a gate in another form than gate and up")
            self = .gate
        case .none:
            try refuse(stage.layers.count != 1 || !endsAsUsual, "layers without an operation after them")
            self = .addition
        }
    }
}

/// A part of a model's description that the decoder does not compute, as errors name it.
struct UncomputedPart: Error, CustomStringConvertible {
    let description: String
}

extension Architecture {
    /// - Throws: ``UncomputedPart``, where the decoder does not compute all that the description says.
    func checkComputed() throws(UncomputedPart) {
        if embeddingScale != .none { throw UncomputedPart(description: "scaled embeddings") }
        if let key = logitSoftCapKey { throw UncomputedPart(description: "a soft cap \(key) on logits") }
        if finalNormKind != .rootMeanSquare {
            throw UncomputedPart(description: "a norm \(names.finalNorm) other than RMSNorm")
        }
        for stages in blockKinds.map(\.stages) {
            var carries = false
            for stage in stages {
                _ = try StageOperation(stage)
                let isFed = if case .carried = stage.input { true } else { false }
                guard isFed == carries else {
                    throw UncomputedPart(
                        description: "a stage \(stage.name) that does not take what the stage before it gives")
                }
                carries = !stage.isAdded
            }
            if carries { throw UncomputedPart(description: "blocks whose last stage adds nothing") }
        }
    }
}
