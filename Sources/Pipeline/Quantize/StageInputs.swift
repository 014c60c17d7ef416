import AdaDimCalibration
import AdaDimCheckpoint
import AdaDimDecoder
import AdaDimFiles
import AdaDimLinearAlgebra

/// The layers of a stage that are to be quantized, and the Gram matrix of the input that they share.
struct StageInputs {
    let layers: [LinearLayer]
    var gram: Gram<Float>
    /// How long the sum took.
    let seconds: Double

    /// The features of the input.
    var order: Int { gram.order }

    /// Sums up the inputs of the stage that `stream` has come to; nil if none of its layers is to be quantized.
    /// - Parameters:
    ///   - stage: its place in the block.
    ///   - weighting: how much each token counts.
    ///   - seeing: called with the inputs of every batch [in, tokens].
    ///   - between: called after every batch.
    init?(
        of stage: Int, in block: DecoderBlock, _ plan: LayerPlan, _ stream: inout CalibrationStream,
        weighting: any TokenWeighting, seeing: (MatrixView<Float>) -> Void = { _ in }, between: () throws -> Void
    ) throws {
        layers = plan.layers(ofStage: stage, inBlock: block.index)
        guard let first = layers.first else { return nil }
        var watch = Stopwatch()
        gram = try first.naming {
            try watch.time {
                try stream.gram(
                    in: block, order: block.weight(first.name).columns, weighting: weighting, seeing: seeing,
                    between: between)
            }
        }
        seconds = watch.seconds
    }
}

extension LinearLayer {
    /// Runs `body`; what it throws gets the layer's name, unless it is that the run was cancelled.
    func naming<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch PipelineError.cancelled {
            throw PipelineError.cancelled
        } catch {
            throw PipelineError.layer(name: moduleName, underlying: error)
        }
    }
}

extension [LinearLayer] {
    /// Layers that share their inputs, as messages name them.
    /// - Precondition: there is one.
    var subject: String {
        shortList(map(\.moduleName)) + (count > 1 ? " with its inputs" : "")
    }
}
