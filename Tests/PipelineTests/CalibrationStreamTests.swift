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

    /// Eight batches, or a multiple, if each is long enough; none longer than memory allows, no sequence left out.
    @Test(arguments: [
        (32, 512, 1536, [4, 4, 4, 4, 4, 4, 4, 4]), (31, 512, 1536, [7, 8, 8, 8]), (35, 512, 1536, [4, 4, 5, 4, 4, 5, 4, 5]),
        (5, 4096, 11008, [1, 1, 1, 1, 1]), (3, 8, 64, [3]), (0, 8, 64, []),
    ])
    func batchesShareTheSequences(_ sequences: Int, _ length: Int, _ intermediate: Int, _ expected: [Int]) {
        let batches = CalibrationStream.batches(
            sequences: sequences, length: length, intermediateSize: intermediate)
        #expect(batches.map(\.count) == expected)
        #expect(batches.flatMap { Array($0) } == Array(0..<sequences))
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
