import AdaDimArchitectures
import AdaDimCalibration
import AdaDimCheckpoint
import AdaDimQuantization

/// What one stage of a block holds, in bytes.
struct StageMemory {
    /// A token's input.
    let input: Double
    /// What a token carries to the next stage.
    let carried: Double
    /// What a token needs besides the two, while it is inside the stage.
    let within: Double
    /// The sums over the stage's inputs; 0 where no layer of the stage is quantized.
    private(set) var sums = 0.0
    /// A token of one batch, while the sums are formed.
    let summing: Double
    /// Quantizing the layers, the sums not counted.
    private(set) var quantizing = 0.0

    /// - Throws: ``QuantizationError/tooLargeToCount(rows:columns:)``.
    init(
        _ stage: BlockStage, _ configuration: ModelConfiguration, _ plan: LayerPlan, _ run: RunMemory, threads: Int
    ) throws(QuantizationError) {
        let widths = StageWidths(
            isAttention: stage.isAttention, inputs: stage.layers.first.map { configuration.count($0.input) } ?? 0,
            outputs: stage.layers.flatMap(\.outputs).map { configuration.count($0) })
        input = 4 * Double(widths.inputs)
        let outputs = widths.outputs.map { 4 * Double($0) }
        switch stage.operation {
        // Queries, keys and values, then what attention reads: as much as there are queries.
        case .attention: (carried, within) = (outputs[0], outputs.reduce(0, +))
        // The gate is overwritten with the result.
        case .gate: (carried, within) = (outputs[0], outputs.dropFirst().reduce(0, +))
        // Added to the residual stream.
        case .none: (carried, within) = (0, 0)
        }
        let weighting = 4 * Double(run.weighting.elementsPerToken(of: widths))
        let copies =
            run.targets.inputsWhileSummed + (weighting > 0 ? run.targets.weightedInputsWhileSummed : 0)
        summing = max(weighting, Double(copies) * input)

        // Quantized weights that wait until the whole stage is done.
        var replacements = 0.0
        for layer in stage.layers {
            let settings = plan.settings(ofLayersNamed: layer.name)
            if settings.isEmpty { continue }
            let (rows, columns) = configuration.shape(of: layer)
            let weight = configuration.weightBytes(layer)
            sums = 4 * Double(columns) * Double(columns) * Double(1 + run.targets.squares)
            if stage.isAdded { sums += weight * Double(run.targets.residualShifts) }
            let engine = try settings.map { (options) throws(QuantizationError) in
                try MemoryPlan(rows: rows, columns: columns, options: options, threads: threads)
            }
            // The engine at work, or what is measured and written afterwards.
            let busy =
                max(Self.most(engine, \.workspace), weight * Double(run.targets.weightsWhileMeasured))
                + weight * Double(run.targets.weightsPerLayer)
            // The Gram matrix is sorted before the first layer's work begins.
            quantizing = max(
                quantizing, Self.most(engine, \.sorted), busy + Self.most(engine, \.codes) + replacements)
            if run.replacesWeights { replacements += weight }
        }
        if run.factorsInDouble { quantizing = max(quantizing, 2 * sums) }
        // Before the last factor, the Gram matrix is copied.
        if plan.mostFactors(ofLayersNamed: Set(stage.layers.map(\.name))) > 1 {
            quantizing += 4 * Double(widths.inputs) * Double(widths.inputs)
        }
    }

    private static func most(_ layers: [MemoryPlan], _ part: KeyPath<MemoryPlan, Int>) -> Double {
        Double(layers.map { $0[keyPath: part] }.max() ?? 0)
    }

    /// The batches while they go through the stage: some wait with their inputs, some are done.
    func advancing(_ tokens: TokenMemory) -> Double {
        let others = (tokens.all - tokens.atOnce) * max(input, carried)
        return others + tokens.atOnce * (input + carried + within)
    }
}

extension ModelConfiguration {
    /// Bytes of a layer's weight in memory.
    func weightBytes(_ layer: LinearModule) -> Double {
        let (rows, columns) = shape(of: layer)
        return 4 * Double(rows) * Double(columns)
    }
}
