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

    /// Tables have lines and entries of their own.
    @Test func embeddingsAndHead() throws {
        let scratch = try Scratch()
        let outcome = try scratch.quantize(
            "--embeddings", "8", "--head", "4", "--format", "mlx", "--group-size", "32", "--dimension", "per-oc")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let lines = outcome.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(lines.contains { $0.starts(with: ["embed_tokens", "1", "0"]) })
        #expect(lines.contains { $0.starts(with: ["lm_head", "1", "0"]) })
        #expect(lines.contains { $0.starts(with: ["all", "of", "blocks", "14"]) })
        #expect(
            outcome.errors.contains(
                "model.layers.0.mlp.down_proj and 1 more: to be written dense, since the group size 32 does not divide its "
                    + "52 inputs\n"))
        #expect(
            outcome.errors.contains("16 layers in 2 blocks, 128 calibration tokens\n[1/16] model.embed_tokens per-oc"))
        #expect(outcome.errors.contains("\n[16/16] lm_head per-oc, loss "))
        let report = try scratch.report()
        let options = try #require(report["options"] as? [String: Any])
        #expect(options["embeddings"] as? Int == 8 && options["head"] as? Int == 4)
        let layers = try #require(report["layers"] as? [[String: Any]])
        #expect(layers.map { $0["table"] as? String }.filter { $0 != nil } == ["embedding", "head"])
        #expect(layers[1]["table"] is NSNull)
    }

    @Test func quietSaysNothingButTheResult() throws {
        let scratch = try Scratch()
        let outcome = try scratch.quantize("--quiet")
        #expect(outcome.status == 0)
        #expect(outcome.errors.isEmpty, "\(outcome.errors)")
        #expect(outcome.output.contains("\nWritten to out\nReport: file:///"))
    }

    /// 4 bits, and for every 8 weights a scale of 16 bits and a zero point of 4; 16 bits to fill the last word of zero points of each
    /// of 8 columns of groups with 52 outputs; and 128 bits for the shape of each of six layers that have 6400 weights together.
    @Test func sizeIsThatOfThePackedFormat() throws {
        let scratch = try Scratch()
        let dense = try scratch.quantize("--skip", "down_proj", "--dimension", "per-oc")
        let totals = try #require(try scratch.report()["totals"] as? [String: Any])
        let packed = try #require(totals["packedBitsPerWeight"] as? Double)
        #expect(abs(packed - (4 + 20.0 / 8 + (8 * 16.0 + 6 * 128.0) / 6400)) < 1e-12)
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

    /// The settings of an effort are in the report, and the gain of each step is printed at the end of the run.
    @Test func effortIsReported() throws {
        let scratch = try Scratch()
        let best = try scratch.quantize("--effort", "best", "--passes", "3", "--quiet")
        #expect(best.status == 0)
        #expect(
            best.output.contains(
                "\nLosses are those of corrected weights: they cannot be compared with those of a run without correction\n"
            ))
        #expect(best.output.contains(" after the sweep, ") && best.output.contains(" after up to 3 passes\n"))
        #expect(best.output.contains("\nLayer outputs differ from the original model's by "))
        #expect(best.output.contains("\nAll layers' losses over all their outputs' energy: "))
        var options = try #require(try scratch.report()["options"] as? [String: Any])
        #expect(options["effort"] as? String == "best" && options["ranges"] as? String == "search")
        #expect(options["passes"] as? Int == 3 && options["activationOrder"] as? Bool == true)
        #expect(options["correctInputs"] as? Double == 0.4 && options["correctResidual"] as? Double == 0.4)
        #expect(options["tokenWeights"] as? String == "attention" && options["damping"] as? Double == 0.1)
        let layers = try #require(try scratch.report()["layers"] as? [[String: Any]])
        // Nothing is quantized before q, k and v of the first block; o writes to the residual stream, gate does not.
        #expect(layers[0...2].allSatisfy { $0["correction"] is NSNull })
        let (o, gate) = (layers[3]["correction"] as? [String: Any], layers[4]["correction"] as? [String: Any])
        #expect(o?["residual"] as? Double == 0.4 && o?["residualLoss"] is [String: Any])
        #expect(gate?["residual"] is NSNull && gate?["residualLoss"] is NSNull && gate?["outputs"] is [String: Any])

        let fast = try scratch.quantize("--effort", "fast", "--overwrite", "--quiet")
        #expect(!fast.output.contains("corrected") && !fast.output.contains("passes"))
        options = try #require(try scratch.report()["options"] as? [String: Any])
        #expect(options["damping"] as? Double == 0.01)
        _ = try scratch.quantize("--damping", "0.5", "--overwrite", "--quiet")
        options = try #require(try scratch.report()["options"] as? [String: Any])
        #expect(options["effort"] as? String == "balanced" && options["damping"] as? Double == 0.5)
        let rounded = try scratch.quantize("--method", "rtn", "--overwrite", "--quiet")
        #expect(rounded.status == 0)
        options = try #require(try scratch.report()["options"] as? [String: Any])
        #expect(options["effort"] is NSNull && options["ranges"] as? String == "minmax")
        #expect(options["tokenWeights"] as? String == "equal")
    }

    /// With the original model's inputs there is nothing to correct, and that is said.
    @Test func bestEffortOnOriginalInputs() throws {
        let scratch = try Scratch()
        let outcome = try scratch.quantize("--effort", "best", "--propagate", "original")
        #expect(outcome.status == 0)
        #expect(outcome.errors.contains("nothing is corrected: inputs of the original model have not moved"))
        #expect(!outcome.output.contains("corrected weights"))
        let options = try #require(try scratch.report()["options"] as? [String: Any])
        #expect(options["correctInputs"] as? Double == 0 && options["correctResidual"] as? Double == 0)
    }

    /// Every variant in one table, which is Markdown; losses of something else than plain runs' in brackets. Of what lies where
    /// temporary files do, only what a killed run has left is removed.
    @Test func variantsInOneTable() throws {
        let scratch = try Scratch()
        let temporary = scratch.url.appending(path: "temporary")
        for (file, text) in [
            ("adadim-variants-2025/thesis.txt", "mine"), (".adadim-variants.temporary-2025/thesis.txt", "mine"),
            (".adadim-variants.temporary-a1/.lock", "process 1 on here, since 2026-01-02 03:04:05 UTC\n"),
        ] {
            let file = temporary.appending(path: file)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        let outcome = try scratch.tool.run(
            [
                "variants", "model", "--calibration", "text.safetensors", "--text", "text.safetensors", "--group-size",
                "8", "--samples", "8", "--sequence-length", "16", "--evaluation-length", "32", "--sequences", "2",
                "--quiet",
            ], environment: ["TMPDIR": temporary.path])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: temporary.path).sorted()
                == [".adadim-variants.temporary-2025", "adadim-variants-2025"])
        for name in [".adadim-variants.temporary-2025", "adadim-variants-2025"] {
            #expect(FileManager.default.fileExists(atPath: temporary.path + "/" + name + "/thesis.txt"))
        }
        try FileManager.default.removeItem(at: temporary)
        let rows = outcome.output.split(separator: "\n").filter { $0.hasPrefix("|") }.map {
            $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }
        #expect(
            rows.map { $0[0] }.filter { !$0.hasPrefix(":") } == [
                "variant", "original", "RTN per-oc", "RTN per-ic", "RTN adaptive", "GPTQ per-oc", "GPTQ per-ic",
                "GPTQ adaptive (rtn)", "GPTQ adaptive (rtn), balanced", "GPTQ adaptive (rtn), best",
            ])
        let losses = rows.dropFirst(3).map { $0[1] }
        // Balanced weighs tokens, best corrects weights, too.
        #expect(
            losses.dropLast(2).allSatisfy { $0.hasSuffix(" %") } && losses.suffix(2).allSatisfy { $0.hasPrefix("(") })
        #expect(try scratch.contents == Scratch.untouched)
    }
}
