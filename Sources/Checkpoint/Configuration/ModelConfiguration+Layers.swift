import AdaDimArchitectures

// The model's description with its numbers: which layers its blocks have, and their shapes.

extension ModelConfiguration {
    /// The stages of a block, in the order of computation.
    package func stages(ofBlock index: Int) -> [BlockStage] { kind(ofBlock: index).stages }

    /// The linear layers of a block, in the order of computation.
    package func layers(ofBlock index: Int) -> [LinearLayer] {
        stages(ofBlock: index).enumerated().flatMap { place, stage in
            stage.layers.map { LinearLayer($0, block: index, stage: place, architecture.names) }
        }
    }

    /// All linear layers of the blocks, block after block.
    package var layers: [LinearLayer] { (0..<blockCount).flatMap(layers(ofBlock:)) }

    /// The table of token embeddings; of a model that ties them, the output projection as well.
    package var embedding: LinearLayer {
        LinearLayer(tiesEmbeddings ? .embeddingAndHead : .embedding, architecture.names)
    }

    /// The output projection; of a model that ties them, ``embedding``.
    package var head: LinearLayer { tiesEmbeddings ? embedding : LinearLayer(.head, architecture.names) }

    /// Shape of a linear layer, [out, in].
    package func shape(of module: LinearModule) -> (out: Int, width: Int) {
        (module.outputs.reduce(0) { $0 + count($1) }, count(module.input))
    }

    /// The number of features of a width.
    package func count(_ width: Width) -> Int {
        switch width {
        case .hidden: hiddenSize
        case .queries: attentionHeads * headDimension
        case .keys: keyValueHeads * headDimension
        case .intermediate: intermediateSize
        case .headDimension: headDimension
        case .experts, .expertIntermediate, .sharedIntermediate:
            preconditionFailure("\(modelType) was opened, though its experts are not read")
        }
    }

    /// Whether a linear layer adds a bias.
    package func hasBias(_ module: LinearModule) -> Bool {
        switch module.bias {
        case .never: false
        case .always: true
        case .stated(let key): biasKeys.contains(key)
        }
    }
}
