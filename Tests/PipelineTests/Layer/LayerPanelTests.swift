import AdaDimCheckpoint
import AdaDimLinearAlgebra
import AdaDimPipeline
import AdaDimQuantization
import AdaDimSafetensors
import AdaDimTestSupport
import Foundation
import Synchronization
import Testing

/// A layer whose weight is not held at once.
@Suite struct LayerPanelTests {
    private static let (out, inputs, tokens) = (90, 40, 200)

    /// Small whole numbers, scaled: no sum over tokens is rounded.
    private static func numbers(_ count: Int, _ seed: UInt32, _ unit: Float) -> [Float] {
        var state = seed
        return (0..<count).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return Float(Int(state >> 26) - 32) * unit
        }
    }

    private static let weight = numbers(out * inputs, 1, 0x1p-10)
    private static let activations = numbers(tokens * inputs, 2, 0x1p-5)

    private func write(_ weight: [Float], to path: String) throws {
        try writeSafetensors(
            [
                TestTensor("weight", .float32, [Self.out, Self.inputs], weight),
                TestTensor("activations", .float32, [Self.tokens, Self.inputs], Self.activations),
            ], to: path)
    }

    /// Panels of 33 rows become 48, three groups of 16; a last one of 42 is left.
    private static let panelBytes = 33 * inputs * 4

    /// Twice through all rows, once for the choice and once for the codes.
    @Test func sameAsTheEngineInPanels() throws {
        let scratch = try Scratch()
        let paths = ["layer.safetensors", "out.safetensors"].map { scratch.url.appending(path: $0).path }
        try write(Self.weight, to: paths[0])
        let options = QuantizationOptions(.fast) {
            $0.grid.bits = 3
            $0.grid.groupSize = 16
            $0.grid.scaleType = .float32
        }
        let report = try QuantizeLayerFile(
            LayerJob(input: paths[0], output: paths[1], options: options), panelBytes: Self.panelBytes
        ).run()

        var gram = try Gram<Float>(order: Self.inputs)
        try gram.accumulate(Matrix(columnMajor: Self.activations, rows: Self.inputs, columns: Self.tokens))
        var layer = try PanelledLayer(
            rows: Self.out, columns: Self.inputs, panelRows: 48,
            quantizer: LayerQuantizer(gram: gram, options: options))
        var panels: [Range<Int>] = []
        while let rows = layer.nextRows {
            panels.append(rows)
            let elements = Array(Self.weight[rows.lowerBound * Self.inputs..<rows.upperBound * Self.inputs])
            try layer.add(Matrix(rowMajor: elements, rows: rows.count, columns: Self.inputs))
        }
        let expected = try layer.finished()
        #expect(panels == [0..<48, 48..<90, 0..<48, 48..<90])
        #expect(report.loss.absolute == expected.loss && report.outputEnergy == expected.outputEnergy)
        let codes = try SafetensorsFile(path: paths[1]).withBytes(of: "codes") { [UInt8]($0) }
        #expect(codes == expected.quantized.codes.rowMajorElements)
    }

    /// Rows of NaN are named by their place in the file, not in the panel.
    @Test func notFiniteInALaterPanel() throws {
        let scratch = try Scratch()
        let path = scratch.url.appending(path: "layer.safetensors").path
        var weight = Self.weight
        weight[77 * Self.inputs + 6] = .infinity
        try write(weight, to: path)
        let output = scratch.url.appending(path: "out.safetensors").path
        let text = errorText {
            _ = try QuantizeLayerFile(LayerJob(input: path, output: output), panelBytes: Self.panelBytes).run()
        }
        #expect(text == "\(path): tensor weight holds inf at [77, 6], expected numbers that are finite as F32")
        #expect(try scratch.contents == ["layer.safetensors"])
    }

    /// Wherever a run is stopped, it leaves nothing.
    @Test func stoppedAnywhere() throws {
        let scratch = try Scratch()
        let path = scratch.url.appending(path: "layer.safetensors").path
        try write(Self.weight, to: path)
        let job = LayerJob(
            input: path, output: scratch.url.appending(path: "out.safetensors").path,
            options: .init(.fast) { $0.grid.groupSize = 16 })
        for stop in 0... {
            let questions = Counter()
            let run = QuantizeLayerFile(job, isCancelled: { questions.next() == stop }, panelBytes: Self.panelBytes)
            let text = errorText { _ = try run.run() }
            if text == "nothing was thrown" {
                // Before and after the Gram matrix, after the factor, four panels, three tensors; and inside the engine,
                // once in the factor, and for each of two panels thrice in the first pass and once in the second.
                #expect(stop == 10 + 1 + 2 * 4)
                #expect(try scratch.contents == ["layer.safetensors", "out.safetensors"])
                return
            }
            #expect(text == "stopped before the end; no output was written")
            #expect(try scratch.contents == ["layer.safetensors"])
        }
    }
}

/// Counts up from 0, on whatever thread.
private final class Counter: Sendable {
    private let value = Mutex(0)

    func next() -> Int {
        value.withLock { value in
            defer { value += 1 }
            return value
        }
    }
}
