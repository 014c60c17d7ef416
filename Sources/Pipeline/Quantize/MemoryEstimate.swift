import AdaDimArchitectures
import AdaDimCalibration
import AdaDimCheckpoint
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimRecipe

/// The memory that a run has in use when it uses most, in bytes: what grows with the calibration tokens, with a block
/// and with a layer. The process takes more, so this is a lower bound. The program itself, the tokenizer and the
/// buffers of BLAS come on top, some 40 MB; and so does what the allocator keeps of freed memory, which is no fixed
/// amount: up to three tenths where it was measured (`MemoryEstimateTests`).
package struct MemoryEstimate: Sendable, Equatable {
    package let bytes: Double

    /// The plan for the layers.
    package enum Work: Sendable {
        case quantizing
        /// Nothing is replaced, and the Gram matrix is factored in Double, too.
        case inspecting
    }

    /// Counts in Double, where no product overflows.
    /// - Parameter size: of the calibration samples.
    /// - Throws: ``QuantizationError/tooLargeToCount(rows:columns:)``.
    package init(
        _ configuration: ModelConfiguration, _ recipe: ModelRecipe, _ plan: LayerPlan, _ size: CalibrationSize,
        _ work: Work = .quantizing, threads: Int = BLASLibrary.threadCount
    ) throws(QuantizationError) {
        let tokens = Tokens(configuration, size, threads: threads)
        let corrects = work == .quantizing && recipe.carriedOut.correction != .none
        // Ids, positions and the residual stream; that of the original model, too, where it is followed.
        let stream = tokens.all * (4 + 8 + 4 * Double(configuration.hiddenSize) * (corrects ? 2 : 1))
        // An inspection goes from stage to stage, as a quantization does that replaces what it has quantized.
        let propagation = work == .inspecting ? .quantized : recipe.propagation
        // Of blocks of several kinds the one that takes most.
        let kinds = Set((0...plan.last.block).map(configuration.architecture.kind(ofBlock:)))
        let most = try kinds.map { (kind) throws(QuantizationError) in
            let weights = kind.layers.reduce(0) { $0 + configuration.weightBytes($1) }
            // The next block is read at the same time, from pages with half as many bytes or as many. The original model's
            // stream needs the original weights.
            let blocks = (plan.last.block > 0 ? 2.5 * weights : weights) + (corrects ? weights : 0)
            let stages = try Self.stages(kind, configuration, recipe, plan, work, threads: threads)
            let last = min(plan.last.stage, stages.count - 1)
            return blocks + Self.peak(stages, tokens, propagation, last: last, streams: corrects ? 2 : 1)
        }.max()
        bytes = stream + (most ?? 0)
    }

    /// - Parameter available: bytes; nil if unknown.
    /// - Throws: ``PipelineError/notEnoughMemory(needed:available:)``.
    func check(available: Int?) throws(PipelineError) {
        if let available = available.map(Double.init), bytes > available {
            throw .notEnoughMemory(needed: bytes, available: available)
        }
    }

    /// How many tokens there are, and how many of them are inside a block at the same time.
    private struct Tokens {
        let all: Double
        let atOnce: Double
        /// Of one batch.
        let ofBatch: Double

        init(_ configuration: ModelConfiguration, _ size: CalibrationSize, threads: Int) {
            all = Double(size.sequences) * Double(size.length)
            // Within the range of integers; larger values are refused because of their tokens alone.
            let (batches, tokensOfEach) = CalibrationStream.atOnce(
                sequences: max(0, min(size.sequences, 1 << 32)), length: max(1, min(size.length, 1 << 24)),
                intermediateSize: configuration.intermediateSize, threads: threads)
            atOnce = min(all, Double(batches) * Double(tokensOfEach))
            ofBatch = min(all, Double(tokensOfEach))
        }
    }

    /// What one stage of a block holds.
    private struct Stage {
        /// Bytes of a token's input.
        let input: Double
        /// Bytes of what a token carries to the next stage.
        let carried: Double
        /// Bytes of what a token needs besides the two, while it is inside the stage.
        let within: Double
        /// The Gram matrix of the input; 0 where no layer of the stage is quantized.
        var gram = 0.0
        /// Bytes of a token of one batch, while the Gram matrices are summed up.
        var summing = 0.0
        /// Quantizing the layers, the Gram matrix in `gram` not counted.
        var quantizing = 0.0

        init(_ stage: BlockStage, _ configuration: ModelConfiguration) {
            let outputs = configuration.outputBytes(stage)
            input = configuration.inputBytes(stage)
            switch stage.operation {
            // Queries, keys and values, then what attention reads: as much as there are queries.
            case .attention: (carried, within) = (outputs[0], outputs.reduce(0, +))
            // The gate is overwritten with the result.
            case .gate: (carried, within) = (outputs[0], outputs.dropFirst().reduce(0, +))
            // Added to the residual stream.
            case .none: (carried, within) = (0, 0)
            }
        }

        /// The batches while they go through the stage: some wait with their inputs, some are done.
        func advancing(_ tokens: Tokens) -> Double {
            let others = (tokens.all - tokens.atOnce) * max(input, carried)
            return others + tokens.atOnce * (input + carried + within)
        }
    }

    private static func stages(
        _ kind: BlockKind, _ configuration: ModelConfiguration, _ recipe: ModelRecipe, _ plan: LayerPlan, _ work: Work,
        threads: Int
    ) throws(QuantizationError) -> [Stage] {
        let corrects = work == .quantizing && recipe.carriedOut.correction != .none
        let replaces = work == .quantizing && recipe.propagation == .quantized
        var stages: [Stage] = []
        for stage in kind.stages {
            var counted = Stage(stage, configuration)
            counted.summing = summing(stage, configuration, recipe, corrects: corrects, work)
            // Quantized weights that wait until the whole stage is done.
            var replacements = 0.0
            var factors: Set<QuantizationOptions.Factor> = []
            for layer in stage.layers {
                let settings = plan.settings(ofLayersNamed: layer.name)
                if settings.isEmpty { continue }
                factors.formUnion(settings.map(\.factor))
                let (rows, columns) = configuration.shape(of: layer)
                let layers = try settings.map { (options) throws(QuantizationError) in
                    try MemoryPlan(rows: rows, columns: columns, options: options, threads: threads)
                }
                func most(_ part: KeyPath<MemoryPlan, Int>) -> Double {
                    Double(layers.map { $0[keyPath: part] }.max() ?? 0)
                }
                // The memory next to the inputs' shift: two squares, and the residual stream's.
                counted.gram = 4 * Double(columns) * Double(columns) * (corrects ? 3 : 1)
                if corrects && stage.isAdded { counted.gram += configuration.weightBytes(layer) }
                // The engine at work, or the weight as it is written. With asymmetric calibration: the target besides
                // either, and a product; or, for the distance of the outputs, the values, the error, a product and the
                // memory of a loss.
                let target = corrects ? 2 * configuration.weightBytes(layer) : 0
                let busy =
                    max(most(\.workspace), configuration.weightBytes(layer) * (corrects ? 4 : 1)) + target
                // Before the layers, while nothing of them is in memory.
                if work == .inspecting { counted.quantizing = max(counted.quantizing, 2 * counted.gram) }
                // The Gram matrix is sorted before the first layer's work begins.
                counted.quantizing = max(
                    counted.quantizing, most(\.sorted), busy + most(\.codes) + replacements)
                if replaces { replacements += configuration.weightBytes(layer) }
            }
            // A copy of the Gram matrix for each factor but the last.
            if factors.count > 1 { counted.quantizing += counted.gram }
            stages.append(counted)
        }
        return stages
    }

    /// How one batch of both streams differs; with token weights, queries and keys, and the inputs once more.
    private static func summing(
        _ stage: BlockStage, _ configuration: ModelConfiguration, _ recipe: ModelRecipe, corrects: Bool, _ work: Work
    ) -> Double {
        let input = configuration.inputBytes(stage)
        guard work == .quantizing && stage.isAttention && recipe.tokenWeights == .attention else {
            return corrects ? input : 0
        }
        return max(configuration.outputBytes(stage).prefix(2).reduce(0, +), corrects ? 3 * input : input)
    }

    /// The largest of what the steps of a block hold.
    private static func peak(
        _ stages: [Stage], _ tokens: Tokens, _ propagation: Propagation, last: Int,
        streams: Double
    ) -> Double {
        var peak = 0.0
        switch propagation {
        case .quantized:
            for stage in stages {
                // Of both streams.
                let inputs = streams * tokens.all * stage.input
                let summing = tokens.ofBatch * stage.summing
                // One stream continues after the other.
                peak = max(
                    peak, inputs + stage.gram + max(summing, stage.quantizing),
                    stage.advancing(tokens) + (streams - 1) * tokens.all * max(stage.input, stage.carried))
            }
        case .original:
            var grams = 0.0
            for stage in stages {
                grams += stage.gram
                peak = max(
                    peak, grams + stage.advancing(tokens),
                    grams + tokens.all * stage.input + tokens.ofBatch * stage.summing)
            }
            // The last block's last input stays. A Gram matrix becomes a factor, and is freed with it.
            let input = tokens.all * stages[last].input
            for stage in stages {
                peak = max(peak, input + grams + stage.quantizing)
                grams -= stage.gram
            }
        }
        return peak
    }
}

extension ModelConfiguration {
    /// Bytes of a layer's weight in memory.
    fileprivate func weightBytes(_ layer: LinearModule) -> Double {
        let (rows, columns) = shape(of: layer)
        return 4 * Double(rows) * Double(columns)
    }

    /// Bytes of a token's input of a stage.
    fileprivate func inputBytes(_ stage: BlockStage) -> Double {
        4 * Double(stage.layers.first.map { count($0.input) } ?? 0)
    }

    /// Bytes of a token's outputs of a stage's layers, part by part.
    fileprivate func outputBytes(_ stage: BlockStage) -> [Double] {
        stage.layers.flatMap(\.outputs).map { 4 * Double(count($0)) }
    }
}
