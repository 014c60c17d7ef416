import AdaDimCalibration
import AdaDimCheckpoint
import AdaDimDecoder
import Testing

@Suite struct CalibrationStreamTests {
    /// At least 2048 tokens, so that a Gram matrix is read at most once for that many; more where 32 MB hold them.
    @Test(arguments: [
        (512, 11008, 4), (2048, 11008, 1), (4096, 11008, 1), (100, 11008, 21), (512, 1536, 10), (16, 52, 10082),
    ])
    func batchesAreLarge(_ length: Int, _ intermediate: Int, _ sequences: Int) {
        #expect(CalibrationStream.sequencesPerBatch(length: length, intermediateSize: intermediate) == sequences)
    }

    @Test func whatIsThrownBetweenBatchesEndsTheWork() throws {
        struct Enough: Error {}
        let scratch = try Scratch()
        let model = try DecoderModel(try Checkpoint(directory: try scratch.copyOfModel("qwen2")))
        let samples = try CalibrationSamples(
            from: .text([Int32](0..<40)), samples: 3, length: 8, seed: 0,
            vocabularySize: model.configuration.vocabularySize, maximumLength: 8)
        var stream = try CalibrationStream(samples, model)
        let block = try model.block(0)
        let order = model.configuration.hiddenSize
        var calls = 0
        #expect(try stream.gram(in: block, order: order) { calls += 1 }.tokens == 24)
        #expect(calls == 1)
        #expect(throws: Enough.self) { try stream.gram(in: block, order: order) { throw Enough() } }
        #expect(throws: Enough.self) { try stream.advance(through: block) { throw Enough() } }
    }
}
