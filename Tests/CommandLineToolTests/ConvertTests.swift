import Foundation
import Testing

@Suite struct ConvertTests {
    private func data(_ scratch: Scratch, _ path: String) throws -> Data {
        try Data(contentsOf: scratch.url.appending(path: path))
    }

    @Test func convertAndVerify() throws {
        let scratch = try Scratch()
        let packed = try scratch.quantize("--format", "compressed-tensors", "--group-size", "4", "--bits", "3")
        #expect(packed.status == 0, "\(packed.errors)")
        let converted = try scratch.tool("convert", "out", "dense", "--format", "dequantized")
        #expect(converted.status == 0, "\(converted.errors)")
        #expect(
            converted.output
                == "14 layers written as dequantized, 16 bits per weight, overheads included\nWritten to dense\n")
        let same = try scratch.tool("verify", "out", "--against", "dense")
        #expect(same.status == 0, "\(same.output)\(same.errors)")
        #expect(
            same.output.contains("numbers are the same: compressed-tensors, read a second way, and the other model\n"))
        let json = try scratch.tool("verify", "dense", "--json")
        #expect(json.status == 0 && json.output.contains("\"format\" : \"plain numbers\""))

        // One byte of the last tensor's numbers.
        let file = scratch.url.appending(path: "dense/model.safetensors")
        var bytes = try Data(contentsOf: file)
        bytes[bytes.count - 2] ^= 1
        try bytes.write(to: file)
        let other = try scratch.tool("verify", "out", "--against", "dense")
        #expect(other.status == 1)
        #expect(other.output.contains(": 1 numbers differ from those of the other model, most at "))
        #expect(other.output.hasSuffix("\nNot the same: compressed-tensors, read a second way\n"))

        // Both bytes of the same number, so that it is NaN.
        bytes[bytes.count - 2..<bytes.count] = Data([0xc1, 0x7f])
        try bytes.write(to: file)
        let strange = try scratch.tool("verify", "dense")
        #expect(strange.status == 0, "\(strange.errors)")
        #expect(strange.output.contains(".weight: NaN at ["), "\(strange.output)")

        let refused = try scratch.tool("convert", "dense", "back", "--format", "compressed-tensors")
        #expect(refused.status != 0 && refused.errors.contains("dense: no packed layers, expected a directory that"))
        let existing = try scratch.tool("convert", "out", "dense", "--format", "dequantized")
        #expect(existing.status != 0)
        #expect(try scratch.contents == ["dense", "model", "out", "text.safetensors"])
    }

    @Test func servedByVLLM() throws {
        let scratch = try Scratch()
        let outcome = try scratch.tool(
            "quantize", "model", "it's out", "--calibration", "text.safetensors", "--samples", "8", "--sequence-length",
            "16",
            "--for", "vllm")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("\nServe it: vllm serve 'it'\\''s out' --dtype float16\n(float16, because "))
        // Two key-value heads of 8 features: only o has sizes that vLLM takes.
        #expect(
            outcome.errors.contains(
                "--for vllm: 12 layers stay as they are, since vLLM demands sizes in multiples of 32"))
        let config = String(decoding: try data(scratch, "it's out/config.json"), as: UTF8.self)
        #expect(config.contains("\"strategy\" : \"channel\"") && !config.contains("block_structure"))
        #expect(try scratch.tool("verify", "it's out").status == 0)
        let bits = try scratch.quantize("--for", "vllm", "--bits", "3")
        #expect(bits.status != 0 && bits.errors.contains("--for vllm: --bits is 3, but vLLM demands 4"))
        let direction = try scratch.quantize("--for", "vllm", "--per-ic", "o_proj")
        #expect(
            direction.errors.contains("--for vllm: --per-ic o_proj: dimension is per-ic, but vLLM demands per-oc"),
            "\(direction.errors)")
        let unknown = try scratch.quantize("--for", "ollama")
        #expect(unknown.status == 64 && unknown.errors.contains("vllm"))
        #expect(try scratch.contents == ["it's out", "model", "text.safetensors"])
    }

    @Test func blockSaysWhatOpensIt() throws {
        let scratch = try Scratch()
        let outcome = try scratch.quantize("--format", "compressed-tensors")
        #expect(
            outcome.errors.contains(
                "compressed-tensors is written with strategy block, which transformers opens and vLLM does not: layer "
                    + "model.layers.0.self_attn.q_proj may be per-IC; --dimension per-oc writes what both open"),
            "\(outcome.errors)")
        let fixed = try scratch.quantize("--format", "compressed-tensors", "--dimension", "per-oc", "--overwrite")
        #expect(fixed.status == 0 && !fixed.errors.contains("strategy block"), "\(fixed.errors)")
    }
}
