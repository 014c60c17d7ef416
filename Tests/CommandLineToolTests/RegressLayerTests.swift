import AdaDimTestSupport
import Foundation
import Testing

/// `adadim regress --layers`: layers of the user's own.
@Suite struct RegressLayerTests {
    private let own = ["--layers", "own", "--only", "layers/*", "--group-size", "16", "-q"]

    /// Two layers in `own`: one with activations, one with a Gram matrix.
    private func scratch() throws -> LayerScratch {
        let scratch = try LayerScratch()
        try FileManager.default.createDirectory(
            at: scratch.url.appending(path: "own"), withIntermediateDirectories: false)
        try scratch.write()
        try FileManager.default.moveItem(
            atPath: scratch.path("layer.safetensors"), toPath: scratch.path("own/a.safetensors"))
        let x = scratch.matrices.activations
        var gram = [Double](repeating: 0, count: scratch.inputs * scratch.inputs)
        for i in 0..<scratch.inputs {
            for j in 0..<scratch.inputs {
                for t in 0..<scratch.tokens { gram[i * scratch.inputs + j] += Double(x[i, t]) * Double(x[j, t]) }
            }
        }
        try writeSafetensors(
            [scratch.weightTensor(), TestTensor("gram", doubles: gram, [scratch.inputs, scratch.inputs])],
            to: scratch.path("own/b.safetensors"))
        return scratch
    }

    @Test func layersAreRecordedAndChecked() throws {
        let scratch = try scratch()
        let recorded = try scratch.tool.run(["regress", "record", "base"] + own)
        #expect(recorded.status == 0 && recorded.output.contains("\ngreen: 2 layers and 0 refusals\n"), "\(recorded)")
        let baseline =
            try JSONSerialization.jsonObject(
                with: Data(contentsOf: scratch.url.appending(path: "base/baseline.json"))) as? [String: Any]
        let cases = try #require(baseline?["cases"] as? [[String: Any]])
        #expect(cases.map { $0["name"] as? String } == ["layers/a.safetensors", "layers/b.safetensors"])
        // The sums are exact in Float, so both files have the same Gram matrix, of the same layer.
        #expect(cases[0]["gram"] as? String == cases[1]["gram"] as? String)
        #expect(cases[0]["out"] as? Int == 96 && cases[0]["inputs"] as? Int == 80)
        // Only where there are activations can the Gram matrix be judged.
        let identities = cases.map { ($0["identities"] as? [String: Double] ?? [:]).keys.contains("gram") }
        #expect(identities == [true, false])

        let checked = try scratch.tool.run(["regress", "check", "base"] + own)
        #expect(checked.status == 0, "\(checked.output)")
        let other = try scratch.tool.run(["regress", "check", "base"] + own + ["--bits", "3"])
        #expect(
            other.status == 1 && other.output.contains("source: quantized by other options: 3 bits"), "\(other.output)")
    }

    @Test func anotherLayerIsNotTheSame() throws {
        let scratch = try scratch()
        _ = try scratch.tool.run(["regress", "record", "base"] + own)
        let fewer = try LayerScratch(tokens: 299)
        try fewer.write()
        try FileManager.default.removeItem(atPath: scratch.path("own/a.safetensors"))
        try FileManager.default.moveItem(
            atPath: fewer.path("layer.safetensors"), toPath: scratch.path("own/a.safetensors"))
        let outcome = try scratch.tool.run(["regress", "check", "base"] + own)
        #expect(outcome.status == 1 && outcome.output.contains("RED layers/a.safetensors\n  source: another layer"))
        #expect(outcome.output.contains("red: 1 of 2 layers"))
    }

    @Test func filesThatAreNoLayers() throws {
        let scratch = try scratch()
        // What the header tells is refused before the run, what the numbers tell makes the layer red.
        var weight = scratch.weight
        weight[7] = .nan
        try writeSafetensors(
            [TestTensor("weight", .float32, [scratch.out, scratch.inputs], weight), scratch.activationsTensor()],
            to: scratch.path("own/c.safetensors"))
        let red = try scratch.tool.run(["regress", "record", "base"] + own)
        #expect(red.status == 1 && red.output.contains("RED layers/c.safetensors\n  error: it cannot be quantized: "))
        #expect(red.output.contains("tensor weight holds nan at [0, 7]") && red.errors == "No baseline was written\n")
        try Data("no tensors".utf8).write(to: scratch.url.appending(path: "own/d.safetensors"))
        let refused = try scratch.tool.run(["regress", "record", "base"] + own)
        #expect(
            refused.status == 1 && refused.errors.hasPrefix("Error: ") && refused.errors.contains("d.safetensors: "))
        try FileManager.default.createDirectory(
            at: scratch.url.appending(path: "empty"), withIntermediateDirectories: false)
        let empty = try scratch.tool.run(["regress", "record", "base", "--layers", "empty"])
        #expect(empty.status == 1 && empty.errors == "Error: nothing to run: empty holds no .safetensors file\n")
        #expect(try scratch.contents == ["empty", "own"])
    }
}
