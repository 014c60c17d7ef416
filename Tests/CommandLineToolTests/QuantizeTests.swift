import Foundation
import Testing

@Suite struct QuantizeTests {
    /// More weights to a group than any channel has, and than fit beside anything in a sum: a group is a channel.
    @Test func theLargestGroupSizeIsAChannel() throws {
        var codes: [Data] = []
        for size in ["\(Int.max)", "channel"] {
            let scratch = try Scratch()
            let outcome = try scratch.quantize("--group-size", size, "--format", "compressed-tensors")
            #expect(outcome.status == 0, "\(outcome.errors)")
            codes.append(try Data(contentsOf: scratch.url.appending(path: "out/model.safetensors")))
        }
        #expect(codes[0] == codes[1])
    }

    @Test func closingTable() throws {
        let scratch = try Scratch()
        let outcome = try scratch.quantize("--bits", "3")
        #expect(outcome.status == 0)
        let lines = outcome.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(lines.first == ["layers", "count", "per-IC", "mean", "relative", "loss", "largest", "seconds"])
        for role in ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"] {
            #expect(lines.contains { $0.starts(with: [role, "2"]) }, "\(role)")
        }
        #expect(lines.contains { $0.starts(with: ["all", "14"]) })
        #expect(outcome.output.contains("\nWritten to out\nReport: file:///"))
        #expect(outcome.errors.hasPrefix("14 layers in 2 blocks, 128 calibration tokens\n[1/14] "))
        #expect(outcome.errors.contains("\n[14/14] model.layers.1.mlp.down_proj per-"))
        #expect(try scratch.contents == ["model", "out", "text.safetensors"])
    }

    @Test func quietSaysNothingButTheResult() throws {
        let scratch = try Scratch()
        let outcome = try scratch.quantize("--quiet")
        #expect(outcome.status == 0)
        #expect(outcome.errors.isEmpty, "\(outcome.errors)")
        #expect(outcome.output.contains("\nWritten to out\nReport: file:///"))
    }

    /// 4 bits, and for every 8 weights a scale of 16 bits and a zero point of 8; and 128 bits for the shape of each of
    /// six layers that have 6400 weights together.
    @Test func sizeIsThatOfThePackedFormat() throws {
        let scratch = try Scratch()
        let dense = try scratch.quantize("--skip", "down_proj", "--dimension", "per-oc")
        let totals = try #require(try scratch.report()["totals"] as? [String: Any])
        let packed = try #require(totals["packedBitsPerWeight"] as? Double)
        #expect(abs(packed - (4 + 24.0 / 8 + 6 * 128.0 / 6400)) < 1e-12)
        #expect(totals["bitsPerWeight"] as? Double == 16)
        let figure = String(format: "%.3g", packed)
        #expect(
            dense.output.contains(
                "\n\(figure) bits per weight if packed, overheads included; written dense in 16 bits\n"))

        let outcome = try scratch.quantize(
            "--skip", "down_proj", "--dimension", "per-oc", "--format", "compressed-tensors", "--overwrite")
        #expect(outcome.output.contains("\n\(figure) bits per weight in the quantized layers, overheads included\n"))
        let again = try #require(try scratch.report()["totals"] as? [String: Any])
        #expect(again["packedBitsPerWeight"] as? Double == packed)
        #expect(again["bitsPerWeight"] as? Double == packed)
    }

    /// What is absent is null, not missing.
    @Test func reportOfAWholeChannelRun() throws {
        let scratch = try Scratch()
        let outcome = try scratch.tool(
            "quantize", "./model/", "out", "--calibration", "../\(scratch.url.lastPathComponent)/text.safetensors",
            "--group-size", "channel", "--samples", "8", "--sequence-length", "16", "--method", "rtn", "--dimension",
            "per-oc")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let report = try scratch.report()
        let options = try #require(report["options"] as? [String: Any])
        #expect(options["groupSize"] is NSNull)
        #expect(options["perInputChannel"] is NSNull)
        #expect(options["model"] as? String == "model")
        #expect(options["calibration"] as? String == "../\(scratch.url.lastPathComponent)/text.safetensors")
        for layer in try #require(report["layers"] as? [[String: Any]]) {
            #expect(layer["tailGroup"] is NSNull && layer["denseBecause"] is NSNull)
            let losses = try #require(layer["losses"] as? [String: [String: Any]])
            #expect(losses.keys.sorted() == ["per-oc"])
            #expect(losses["per-oc"]?["gptq"] is NSNull)
            #expect((losses["per-oc"]?["rtn"] as? [String: Double])?["relative"] != nil)
        }
    }

    /// One line for every factor, however many dampings were tried; the report has them all. `--quiet` lets it through.
    @Test func raisedDampingIsOneLineAFactor() throws {
        let scratch = try Scratch()
        let outcome = try scratch.quantize("--damping", "1e-30", "--samples", "1", "--quiet")
        #expect(outcome.status == 0)
        let lines = outcome.errors.split(separator: "\n")
        #expect((1...8).contains(lines.count), "two blocks of four factors each: \(outcome.errors)")
        let first = try #require(lines.first)
        #expect(
            first.wholeMatch(
                of:
                    #/warning: model\.layers\.0\.self_attn\.q_proj and 2 more with its inputs: damping raised from 1e-30 to (1e-0\d|0\.\d+|1) of the mean diagonal in \d+ steps: not positive definite before/#
            ) != nil, "\(first)")
        let layers = try #require(try scratch.report()["layers"] as? [[String: Any]])
        #expect((layers[0]["dampingRaises"] as? [Any] ?? []).count > 10)
    }
}
