import AdaDimCalibration
import AdaDimCheckpoint
import AdaDimDecoder
import AdaDimLinearAlgebra
import AdaDimTestSupport
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
        (32, 512, 1536, [4, 4, 4, 4, 4, 4, 4, 4]), (31, 512, 1536, [7, 8, 8, 8]),
        (35, 512, 1536, [4, 4, 5, 4, 4, 5, 4, 5]),
        (5, 4096, 11008, [1, 1, 1, 1, 1]), (3, 8, 64, [3]), (0, 8, 64, []),
    ])
    func batchesShareTheSequences(_ sequences: Int, _ length: Int, _ intermediate: Int, _ expected: [Int]) {
        let batches = CalibrationStream.batches(
            sequences: sequences, length: length, intermediateSize: intermediate)
        #expect(batches.map(\.count) == expected)
        #expect(batches.flatMap { Array($0) } == Array(0..<sequences))
    }

    /// Eight batches one after another, two at a time, and again one after another where each product has more threads
    /// than there are batches.
    @Test func batchesSideBySideComputeTheSame() throws {
        let scratch = try Scratch()
        let model = try DecoderModel(try Checkpoint(directory: try scratch.copyOfModel("qwen2")))
        let configuration = model.configuration
        let samples = try CalibrationSamples(
            from: .text((0..<4096).map { Int32($0 * $0 * 7 + $0 * 3) % 61 }), samples: 1024, length: 16, seed: 0,
            vocabularySize: configuration.vocabularySize, maximumLength: 16)
        let block = try model.block(0)

        func run(threads: Int, expectedAtOnce: Int) throws -> (hidden: [Matrix<Float>], grams: [Gram<Float>]) {
            let before = BLASLibrary.threadCount
            defer { BLASLibrary.threadCount = before }
            BLASLibrary.threadCount = threads
            var stream = try CalibrationStream(samples, model)
            #expect(stream.batches.count == 8 && stream.batchesAtOnce == expectedAtOnce)
            var grams: [Gram<Float>] = []
            for stage in block.stages {
                grams.append(try stream.gram(in: block, order: stage.layers[0].weight.columns))
                try stream.advance(through: block)
            }
            return (stream.batches.map(\.hidden), grams)
        }

        // Sums of n products differ, whatever their order, by at most 2γₙ ≈ n·eps of the sum of the terms' absolute
        // values (Higham, Accuracy and Stability of Numerical Algorithms, 3.1; γₙ ≈ n·eps/2). To first order the errors
        // of the sums that follow on each other in a block add up: n is all their lengths, taken in the norm of a whole
        // matrix.
        let lengths = [
            configuration.hiddenSize, configuration.headDimension, 16, configuration.hiddenSize,
            configuration.hiddenSize, configuration.intermediateSize,
        ]
        let n = Double(lengths.reduce(0, +))
        let eps = Double(Float.ulpOfOne)
        let expected = try run(threads: 1, expectedAtOnce: 1)
        for (threads, atOnce) in [(2, 2), (9, 1)] {
            let found = try run(threads: threads, expectedAtOnce: atOnce)
            for (a, b) in zip(found.hidden, expected.hidden) { #expect(relativeDifference(a, b) <= n * eps) }
            for (a, b) in zip(found.grams, expected.grams) {
                // An error of the inputs counts twice in H = X·Xᵀ, whose own sums are as long as there are tokens.
                let bound = (2 * n + Double(samples.tokens)) * eps
                #expect(a.tokens == b.tokens && relativeDifference(a.symmetric(), b.symmetric()) <= bound)
            }
        }
    }

    /// H = Σ w·x·xᵀ with w one more than the squares of the attention's shares that a token gets, summed over heads and queries, in
    /// front of q, k and v alone.
    @Test func tokensAreWeighedByAttention() throws {
        let scratch = try Scratch()
        let model = try DecoderModel(try Checkpoint(directory: try scratch.copyOfModel("qwen3")))
        let samples = try nineSamples(of: model)
        let block = try model.block(0)
        var (stream, plain) = (try CalibrationStream(samples, model), try CalibrationStream(samples, model))
        for stage in block.stages {
            let order = stage.layers[0].weight.columns
            let found = try stream.gram(in: block, order: order, weighting: TokensByAttention()).symmetric()
            let equal = try plain.gram(in: block, order: order).symmetric()
            if stage.name == "queryKeyValue" {
                var expected = Matrix<Double>(repeating: 0, rows: order, columns: order)
                for batch in stream.batches {
                    let (x, shares) = (block.input(of: batch), block.squaredAttentionShares(batch))
                    // Nobody gets more than all of it from every head and query, and someone gets some.
                    #expect(shares.allSatisfy { $0 > 0 } && shares.max() ?? 0 > 1)
                    for t in 0..<x.columns {
                        for j in 0..<order {
                            for i in 0..<order { expected[i, j] += Double((1 + shares[t]) * x[i, t] * x[j, t]) }
                        }
                    }
                }
                let size = (0..<order).map { expected[$0, $0].squareRoot() }
                for j in 0..<order {
                    for i in 0..<order {
                        // As many terms as tokens, and roots, their products with x, and what the shares' own sums may differ by.
                        let bound = Double(samples.tokens + 16) * Double(Float.ulpOfOne) * size[i] * size[j]
                        #expect(abs(Double(found[i, j]) - expected[i, j]) <= bound)
                    }
                }
                #expect(found != equal)
            } else {
                #expect(found == equal)
            }
            try stream.advance(through: block)
            try plain.advance(through: block)
        }
    }

    /// ‖A − B‖ / ‖B‖, Frobenius norms.
    private func relativeDifference(_ a: Matrix<Float>, _ b: Matrix<Float>) -> Double {
        let difference = Matrix<Float>(rows: a.rows, columns: a.columns) { a[$0, $1] - b[$0, $1] }
        return (difference.squaredNorm / b.squaredNorm).squareRoot()
    }

    /// A stream through a block whose weights are coarser, beside one through the block as it was: the shift of its inputs
    /// and, where a stage's output is added to the residual stream, of that stream, by plain sums in Double.
    @Test func theShiftOfAnotherStreamIsThatOfItsBatches() throws {
        let scratch = try Scratch()
        let model = try DecoderModel(try Checkpoint(directory: try scratch.copyOfModel("qwen2")))
        let samples = try CalibrationSamples(
            from: .text((0..<4096).map { Int32($0 * $0 * 7 + $0 * 3) % 61 }), samples: 1024, length: 16, seed: 0,
            vocabularySize: model.configuration.vocabularySize, maximumLength: 16)
        let untouched = try model.block(0)
        let coarse = coarser(untouched)
        var original = try CalibrationStream(samples, model)
        #expect(original.batches.count > 1)
        var (moved, alone) = (original, original)
        for stage in untouched.stages {
            let layer = stage.layers[0].weight
            var calls = 0
            let shift = try original.shift(
                of: &moved, in: coarse, originally: untouched, order: layer.columns, between: { calls += 1 })
            #expect(calls == original.batches.count)
            let inputs = joined(moved) { coarse.input(of: $0) }
            let before = joined(original) { untouched.input(of: $0) }
            expectSum(shift.cross, of: (before, inputs), times: inputs)
            expectSum(shift.gramOfShift.symmetric(), of: (before, inputs), times: difference(before, inputs))
            #expect(shift.gramOfShift.tokens == samples.tokens)
            // Before the first stage both streams still see the same.
            #expect((shift.cross.squaredNorm > 0) == (stage.name != "queryKeyValue"))
            if stage.name == "attentionOutput" || stage.name == "down" {
                let residual = try #require(shift.residual)
                let streams = (joined(original) { $0.hidden }, joined(moved) { $0.hidden })
                #expect(residual.rows == layer.rows)
                expectSum(residual, of: streams, times: inputs)
                #expect((residual.squaredNorm > 0) == (stage.name == "down"))
            } else {
                #expect(shift.residual == nil)
            }
            try original.advance(through: untouched)
            try moved.advance(through: coarse)
            try alone.advance(through: coarse)
        }
        // Reading a stream's inputs does not change how it goes on.
        for (a, b) in zip(moved.batches, alone.batches) { #expect(a.hidden == b.hidden) }
    }

    /// Where tokens are weighed, both streams' inputs are, by the attention in the stream that has moved.
    @Test func theShiftIsWeighedAsTheGramMatrixIs() throws {
        let scratch = try Scratch()
        let model = try DecoderModel(try Checkpoint(directory: try scratch.copyOfModel("qwen3")))
        let samples = try nineSamples(of: model)
        var original = try CalibrationStream(samples, model)
        var moved = original
        for index in 0..<2 {
            let untouched = try model.block(index)
            let coarse = coarser(untouched)
            for stage in untouched.stages {
                let order = stage.layers[0].weight.columns
                _ = try moved.gram(in: coarse, order: order, weighting: TokensByAttention())
                let shift = try original.shift(of: &moved, in: coarse, originally: untouched, order: order)
                let roots = moved.batches.flatMap { batch in
                    stage.name == "queryKeyValue"
                        ? coarse.squaredAttentionShares(batch).map { (1 + $0).squareRoot() }
                        : [Float](repeating: 1, count: batch.hidden.columns)
                }
                func weighted(_ inputs: Matrix<Float>) -> Matrix<Float> {
                    Matrix(rows: inputs.rows, columns: inputs.columns) { inputs[$0, $1] * roots[$1] }
                }
                let inputs = weighted(joined(moved) { coarse.input(of: $0) })
                let before = weighted(joined(original) { untouched.input(of: $0) })
                expectSum(shift.cross, of: (before, inputs), times: inputs)
                expectSum(shift.gramOfShift.symmetric(), of: (before, inputs), times: difference(before, inputs))
                #expect((shift.cross.squaredNorm > 0) == (index > 0 || stage.name != "queryKeyValue"))
                try original.advance(through: untouched)
                try moved.advance(through: coarse)
            }
        }
    }

    private func nineSamples(of model: DecoderModel) throws -> CalibrationSamples {
        try CalibrationSamples(
            from: .text((0..<600).map { Int32($0 * $0 * 7 + $0 * 3) % 53 }), samples: 9, length: 16, seed: 0,
            vocabularySize: model.configuration.vocabularySize, maximumLength: 16)
    }

    /// A block with its weights rounded to eighths.
    private func coarser(_ block: DecoderBlock) -> DecoderBlock {
        var coarse = block
        for layer in block.stages.flatMap(\.layers) {
            let weight = layer.weight
            coarse.replace(
                layer.name,
                with: Matrix(rows: weight.rows, columns: weight.columns) { (weight[$0, $1] * 8).rounded() / 8 })
        }
        return coarse
    }

    /// The matrices of all batches, tokens side by side.
    private func joined(_ stream: CalibrationStream, _ matrix: (BlockState) -> Matrix<Float>) -> Matrix<Float> {
        let parts = stream.batches.map(matrix)
        return Matrix(
            columnMajor: parts.flatMap(\.columnMajorElements), rows: parts[0].rows,
            columns: parts.reduce(0) { $0 + $1.columns })
    }

    private func difference(_ a: Matrix<Float>, _ b: Matrix<Float>) -> Matrix<Float> {
        Matrix(rows: a.rows, columns: a.columns) { a[$0, $1] - b[$0, $1] }
    }

    /// found = (a − b)·cᵀ: each element within (tokens + 2)·eps of the sum of the products' sizes.
    private func expectSum(_ found: Matrix<Float>, of pair: (Matrix<Float>, Matrix<Float>), times c: Matrix<Float>) {
        let d = difference(pair.0, pair.1)
        #expect(found.rows == d.rows && found.columns == c.rows)
        var worst = 0.0
        for i in 0..<d.rows {
            for j in 0..<c.rows {
                var (sum, size) = (0.0, 0.0)
                for t in 0..<d.columns {
                    let product = Double(d[i, t]) * Double(c[j, t])
                    sum += product
                    size += abs(product)
                }
                if size > 0 { worst = max(worst, abs(Double(found[i, j]) - sum) / size) }
                if size == 0 && found[i, j] != 0 { worst = .infinity }
            }
        }
        #expect(worst <= Double(d.columns + 2) * Double(Float.ulpOfOne))
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
        #expect(try stream.gram(in: block, order: order, between: { calls += 1 }).tokens == 24)
        #expect(calls == 1)
        #expect(throws: Enough.self) { try stream.gram(in: block, order: order, between: { throw Enough() }) }
        #expect(throws: Enough.self) { try stream.advance(through: block) { throw Enough() } }
    }
}
