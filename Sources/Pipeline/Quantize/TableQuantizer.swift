import AdaDimCalibration
import AdaDimCheckpoint
import AdaDimDecoder
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimReports
import Logging

/// Quantizes the layers of no block, some rows at a time: the table of embeddings, and the output projection.
struct TableQuantizer {
    let plan: LayerPlan
    let checkpoint: Checkpoint
    let observer: RunObserver
    let log: Logger

    /// The table of embeddings, from which the stream begins; nil if it stays as it is.
    ///
    /// A table that is the output projection, too, is quantized as that: under the Gram matrix of the outputs' inputs, for which
    /// the samples go through the untouched model first. Its error in the logits is by far the larger one (Documentation/Accuracy.md).
    /// Other tables are rounded: see ``RoundedTable``.
    /// - Parameter samples: whose tokens are what the table is used for.
    func embeddings(_ samples: CalibrationSamples, _ model: DecoderModel) throws -> StageQuantizer.Result? {
        guard let layer = plan.embedding, let options = plan[layer] else { return nil }
        return try layer.naming {
            guard layer.place == .embedding else { return try quantize(layer, by: try stream(samples, model), model) }
            let (rows, columns) = shape
            var uses = [Double](repeating: 0, count: rows)
            for sequence in samples.sequences { for id in sequence { uses[Int(id)] += 1 } }
            var table = try RoundedTable(rows: rows, columns: columns, grid: options.grid)
            let name = checkpoint.weightName(of: layer)
            for range in TableRows.panels(of: rows, columns: columns) {
                try observer.checkCancellation()
                try table.add(checkpoint.matrix(name, rows: range), uses: Array(uses[range]))
            }
            checkpoint.release([name])
            let quantization = try table.finished()
            return StageQuantizer.Result(
                layer: layer, targeted: TargetedQuantization(quantization: quantization),
                damping: AppliedDamping(withoutFactor: columns),
                seconds: QuantizationReport.LayerSeconds(quantization.seconds))
        }
    }

    /// The output projection, on the inputs that it has after the last block; nil if it stays as it is, or is a table of
    /// embeddings.
    /// - Parameter stream: past the last block.
    func head(_ stream: CalibrationStream, _ model: DecoderModel) throws -> StageQuantizer.Result? {
        guard let layer = plan.head else { return nil }
        return try layer.naming { try quantize(layer, by: stream, model) }
    }

    /// The samples past the last block of the untouched model.
    private func stream(_ samples: CalibrationSamples, _ model: DecoderModel) throws -> CalibrationStream {
        var stream = try CalibrationStream(samples, model)
        let blocks = model.configuration.blockCount
        let reader = BlockReader(model, end: blocks)
        for index in 0..<blocks {
            let block = try reader.block(index)
            for _ in block.stages { try stream.advance(through: block, between: observer.checkCancellation) }
        }
        return stream
    }

    /// Quantizes an output projection to its own weight.
    private func quantize(
        _ layer: LinearLayer, by stream: @autoclosure () throws -> CalibrationStream, _ model: DecoderModel
    ) throws -> StageQuantizer.Result {
        guard let options = plan[layer] else { preconditionFailure("\(layer.moduleName) is not to be quantized") }
        var (summing, factoring) = (Stopwatch(), Stopwatch())
        var gram = try summing.time { try stream().outputGram(model, between: observer.checkCancellation) }
        let factor = try factoring.time { try GramFactor(taking: &gram, options: options.factor) }
        let damping = AppliedDamping(factor)
        damping.log(to: log, subject: layer.moduleName)
        let (rows, columns) = shape
        var panels = try PanelledLayer(
            rows: rows, columns: columns, panelRows: TableRows.count(columns: columns),
            quantizer: LayerQuantizer(factor: factor, options: options))
        let name = checkpoint.weightName(of: layer)
        while let range = panels.nextRows {
            try observer.checkCancellation()
            try panels.add(checkpoint.matrix(name, rows: range))
        }
        checkpoint.release([name])
        let quantization = try panels.finished()
        var seconds = QuantizationReport.LayerSeconds(quantization.seconds)
        (seconds.gram, seconds.factor) = (summing.seconds, factoring.seconds)
        return StageQuantizer.Result(
            layer: layer, targeted: TargetedQuantization(quantization: quantization), damping: damping,
            seconds: seconds)
    }

    /// [vocabulary, hidden].
    private var shape: (rows: Int, columns: Int) {
        (checkpoint.configuration.vocabularySize, checkpoint.configuration.hiddenSize)
    }
}
