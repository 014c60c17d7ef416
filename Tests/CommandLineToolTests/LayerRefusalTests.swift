import AdaDimTestSupport
import Foundation
import Testing

/// What `adadim layer` cannot do is refused with a reason, a status that is not 0, and nothing written.
@Suite struct LayerRefusalTests {
    @Test(arguments: [
        (["--bits", "5"], "--bits is 5, expected 2, 3, 4 or 8"),
        (["--damping", "-1"], "--damping is -1.0, expected a share of the mean diagonal, 0 to 1"),
        (["--damping", "1.5"], "--damping is 1.5, expected a share of the mean diagonal, 0 to 1"),
        (["--scale-type", "f8"], "Please provide one of 'bfloat16', 'float16', 'float16-8' or 'float32'"),
        (["--skip", "q_proj"], "Unknown option '--skip'"),
        (["--output", ""], "--output is empty, expected a file to write"),
        (["--packed"], "--packed needs --output with the file to write"),
        (["--dequantized"], "--dequantized needs --output with the file to write"),
        (["--overwrite"], "--overwrite needs --output with the file to write"),
        (["--threads", "0"], "--threads is 0, expected at least 1"),
    ])
    func wrongOptions(_ options: [String], _ text: String) throws {
        let scratch = try LayerScratch()
        try scratch.write()
        let outcome = try scratch.tool.run(["layer", "layer.safetensors"] + options)
        #expect(outcome.status == 64, "EX_USAGE of sysexits.h")
        #expect(outcome.errors.contains(text), "\(outcome.errors)")
        #expect(outcome.output.isEmpty)
        #expect(try scratch.contents == ["layer.safetensors"])
    }

    @Test func wrongArguments() throws {
        let scratch = try LayerScratch()
        for (arguments, text) in [([], "Missing expected argument '<file>'"), ([""], "<file> is empty")] {
            let outcome = try scratch.tool.run(["layer"] + arguments)
            #expect(outcome.status == 64)
            #expect(outcome.errors.contains(text), "\(outcome.errors)")
        }
    }

    /// The text that the tool says of these tensors, and nothing else.
    private func refusal(_ scratch: LayerScratch, _ options: String...) throws -> String {
        let before = try scratch.contents
        let outcome = try scratch.tool.run(
            ["layer", "layer.safetensors", "--output", "out.safetensors", "--quiet"] + options)
        #expect(outcome.status == 1)
        #expect(outcome.output.isEmpty)
        #expect(try scratch.contents == before)
        return outcome.errors
    }

    @Test func wrongFiles() throws {
        let scratch = try LayerScratch()
        #expect(try refusal(scratch) == "Error: layer.safetensors: cannot be read: No such file or directory\n")
        try scratch.write([scratch.activationsTensor()])
        #expect(
            try refusal(scratch)
                == "Error: layer.safetensors: no tensor weight, expected one [out, in]; the file holds activations\n")
        let path = URL(filePath: scratch.path("layer.safetensors"))
        try FileManager.default.removeItem(at: path)
        try scratch.write()
        try Data(contentsOf: path).dropLast(1).write(to: path)
        // Bytes of 96·80 weights and 300·80 activations, two each, but for one.
        #expect(
            try refusal(scratch)
                .hasSuffix("but the file holds 63359 bytes of data; the file is cut short or damaged\n"))
        try FileManager.default.removeItem(at: path)
        var weight = scratch.weight
        weight[3 * 80 + 5] = .nan
        try scratch.write([TestTensor("weight", .float16, [96, 80], weight), scratch.activationsTensor()])
        #expect(
            try refusal(scratch)
                == "Error: layer.safetensors: tensor weight holds nan at [3, 5], expected numbers that are finite as F32\n"
        )
    }

    /// What the engine refuses comes with the file's name.
    @Test func whatTheEngineRefuses() throws {
        let scratch = try LayerScratch(tokens: 3)
        try scratch.write([
            scratch.weightTensor(), TestTensor("activations", .bfloat16, [3, 80], [Float](repeating: 0, count: 240)),
        ])
        #expect(
            try refusal(scratch, "--refuse-inactive")
                == "Error: layer.safetensors: all 80 inputs are inactive: the Gram matrix of 3 tokens is zero\n")
        try FileManager.default.removeItem(atPath: scratch.path("layer.safetensors"))
        try scratch.write()
        let text = try refusal(scratch, "--damping", "0")
        #expect(
            text.hasPrefix(
                "Error: layer.safetensors: the damped Gram matrix is not positive definite: Cholesky failed"),
            "three tokens for eighty inputs: \(text)")
    }

    /// A Gram matrix of 2^40 numbers, known to be too large before anything is read.
    @Test func noMemory() throws {
        let scratch = try LayerScratch(out: 1, inputs: 1 << 20, tokens: 1)
        try scratch.write()
        let text = try refusal(scratch, "--group-size", "128")
        #expect(text.hasPrefix("Error: layer.safetensors: a layer [1, 1048576] needs "), "\(text)")
        #expect(text.contains(" GB of memory and this process may use "))
    }

    @Test func outputsAreKept() throws {
        let scratch = try LayerScratch()
        try scratch.write()
        let path = URL(filePath: scratch.path("out.safetensors"))
        #expect(try scratch.run("--output", "out.safetensors").status == 0)
        let first = try Data(contentsOf: path)
        let refused = try scratch.run("--output", "out.safetensors", "--bits", "2", "--quiet")
        #expect(refused.status == 1)
        #expect(
            refused.errors.hasSuffix(
                "/out.safetensors: exists already; give another name, or --overwrite to replace it\n"))
        #expect(try Data(contentsOf: path) == first)
        #expect(try scratch.run("--output", "out.safetensors", "--bits", "2", "--overwrite").status == 0)
        #expect(try Data(contentsOf: path) != first)

        try Data("notes".utf8).write(to: path)
        #expect(try scratch.run("--output", "out.safetensors", "--overwrite").status == 1)
        #expect(try Data(contentsOf: path) == Data("notes".utf8))

        let same = try scratch.run("--output", "./layer.safetensors", "--overwrite", "--quiet")
        #expect(same.status == 1)
        #expect(same.errors == "Error: ./layer.safetensors: the output is the input's own file, expected another one\n")
    }
}
