import AdaDimCheckpoint
import AdaDimDecoder
import AdaDimLinearAlgebra
import AdaDimTestSupport
import Foundation
import Testing

/// What holds for a decoder block whatever its weights.
struct BlockTests {
    private static func ids(_ count: Int, from first: Int32) -> [Int32] {
        (0..<Int32(count)).map { ($0 * 17 + first) % 61 }
    }

    /// Columns of equal products come out bit for bit the same, whatever stands in the columns beside them.
    @Test(arguments: GoldenModel.all)
    func aSequenceDoesNotSeeItsNeighbours(_ golden: GoldenModel) throws {
        let model = try golden.model()
        let a = Self.ids(13, from: 1)
        let logits = try model.logits(of: [Self.ids(9, from: 2), a, Self.ids(20, from: 3)])
        let others = try model.logits(of: [Self.ids(9, from: 30), a, Self.ids(20, from: 31)])
        #expect(logits.columns(9..<22) == others.columns(9..<22))
        #expect(logits.columns(0..<9) != others.columns(0..<9))

        // Alone, products of other shapes round otherwise: each result is within the allowance of the exact one.
        let alone = try model.logits(of: [a])
        let bound = Float(2 * GoldenModel.allowance * (try golden.expected().rounding))
        let differences = zip(alone.columnMajorElements, logits.columns(9..<22).columnMajorElements).map {
            abs($0 - $1)
        }
        #expect(try #require(differences.max()) <= bound)
    }

    @Test(arguments: GoldenModel.all)
    func aTokenDoesNotSeeLaterOnes(_ golden: GoldenModel) throws {
        let model = try golden.model()
        let tokens = Self.ids(20, from: 4)
        var changed = tokens
        changed[12] = (changed[12] + 1) % 61
        let (before, after) = (try model.logits(of: [tokens]), try model.logits(of: [changed]))
        #expect(before.columns(0..<12) == after.columns(0..<12))
        for position in 12..<20 { #expect(before.column(position) != after.column(position)) }
    }

    /// In one block a token reaches exactly as far as the window; in a block without one, to the end.
    @Test(arguments: [("mistral-window", 1, 7), ("qwen2", 1, 5), ("qwen2", 0, 20), ("llama", 0, 20)])
    func slidingWindow(name: String, index: Int, window: Int) throws {
        let model = try GoldenModel(name: name).model()
        let block = try model.block(index)
        let tokens = Self.ids(20, from: 5)
        var changed = tokens
        changed[0] = (changed[0] + 1) % 61
        var (before, after) = (try model.embed([tokens]), try model.embed([changed]))
        try block.forward(&before)
        try block.forward(&after)
        for position in 0..<20 {
            let same = before.hidden.column(position) == after.hidden.column(position)
            #expect(same == (position >= window), "position \(position)")
        }
    }

    @Test(arguments: GoldenModel.all)
    func stagesMakeUpTheBlock(_ golden: GoldenModel) throws {
        let model = try golden.model()
        let configuration = model.configuration
        let block = try model.block(1)
        let state = try model.embed([Self.ids(6, from: 6), Self.ids(11, from: 7)])
        var (staged, whole) = (state, state)
        try block.forward(&whole)
        var widths: [Int] = []
        for (place, stage) in block.stages.enumerated() {
            #expect(staged.stage == place && block.stage(of: staged).name == stage.name)
            let input = block.input(of: staged)
            #expect(input.columns == 17)
            widths.append(input.rows)
            for layer in stage.layers { #expect(layer.weight.columns == input.rows) }
            try block.advance(&staged)
        }
        #expect(staged.hidden == whole.hidden && staged.stage == 0)
        #expect(staged.hidden != state.hidden)
        #expect(
            widths == [
                configuration.hiddenSize, configuration.attentionHeads * configuration.headDimension,
                configuration.hiddenSize, configuration.intermediateSize,
            ])
    }

    /// With o and down replaced by zero a block without biases adds nothing; a stage already passed keeps the old
    /// weight.
    @Test func replacedWeightsCount() throws {
        let model = try GoldenModel(name: "llama").model()
        var block = try model.block(0)
        let state = try model.embed([Self.ids(10, from: 8)])
        var original = state
        try block.forward(&original)

        var changed = state
        for stage in block.stages {
            try block.advance(&changed)
            if stage.name == "attentionOutput" {
                let (rows, columns) = (model.configuration.hiddenSize, model.configuration.hiddenSize)
                block.replace("self_attn.o_proj", with: Matrix(repeating: 0, rows: rows, columns: columns))
            }
        }
        #expect(changed.hidden == original.hidden)

        let (rows, columns) = (model.configuration.hiddenSize, model.configuration.intermediateSize)
        block.replace("mlp.down_proj", with: Matrix(repeating: 0, rows: rows, columns: columns))
        changed = state
        try block.forward(&changed)
        #expect(changed.hidden == state.hidden)
    }
}
