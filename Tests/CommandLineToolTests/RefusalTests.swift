import Foundation
import Testing

/// What cannot be done is refused with a reason, a status that is not 0, and nothing written.
@Suite struct RefusalTests {
    /// Options, and what standard error must say of them.
    @Test(arguments: [
        (["--bits", "-1"], "--bits is -1, expected 2, 3, 4 or 8"),
        (["--embeddings", "5"], "--embeddings is 5, expected 2, 3, 4 or 8"),
        (["--head", "16"], "--head is 16, expected 2, 3, 4 or 8"),
        (["--bits", "5"], "--bits is 5, expected 2, 3, 4 or 8"),
        (["--damping", "-1"], "--damping is -1.0, expected a share of the mean diagonal, 0 to 1"),
        (["--damping", "1.5"], "--damping is 1.5, expected a share of the mean diagonal, 0 to 1"),
        (["--damping", "nan"], "--damping is nan, expected a share of the mean diagonal, 0 to 1"),
        (["--seed", "-1"], "invalid for '--seed <n>': expected a whole number from 0 to 18446744073709551615"),
        (["--group-size", "-5"], "expected a positive number of weights, or \"channel\""),
        (["--samples", "-1"], "--samples is -1, expected at least 1"),
        (["--samples", "9223372036854775807"], "expected at most 2147483648 tokens"),
        (["--sequence-length", "0"], "--sequence-length is 0, expected at least 1"),
        (["--threads", "-2"], "--threads is -2, expected at least 1"),
        (["--skip", ",q_proj"], "invalid for '--skip <globs>': glob 1 of 2 is empty"),
        (["--per-ic", "q_proj", "--dimension", "per-oc"], "--per-ic and --dimension exclude each other"),
        (["--gguf-type", "Q4_K"], "--gguf-type Q4_K needs --format gguf, but the format is dequantized"),
        (
            ["--format", "gguf", "--gguf-type", "Q4_K", "--bits", "4"],
            "--bits and --gguf-type Q4_K exclude each other: Q4_K decides what grids are"
        ),
        (["--passes", "-1"], "--passes is -1, expected 0 to 1000"),
        (["--passes", "2", "--method", "rtn"], "--passes is 2, but --method rtn has no sweep; expected --method gptq"),
        (["--method", "rtn", "--effort", "best"], "--effort is best, but --method rtn has no sweep"),
        (["--method", "rtn", "--activation-order"], "--activation-order is given, but --method rtn has no sweep"),
        (["--method", "rtn", "--refine", "codes"], "--refine is codes, but --method rtn has no sweep"),
        (
            ["--refine", "codes", "--effort", "fast"],
            "--refine codes needs passes, but there are none, as with --effort fast; expected --passes 1 or more"
        ),
        (["--refine", "codes", "--passes", "0"], "--refine codes needs passes, but --passes is 0"),
        (["--correct-inputs", "1.5"], "--correct-inputs is 1.5, expected a share, 0 to 1"),
        (["--correct-residual", "nan"], "--correct-residual is nan, expected a share, 0 to 1"),
        (["--correct-inputs", "0.5", "--propagate", "original"], "need --propagate quantized"),
        (["--effort", "most"], "Please provide one of 'fast', 'balanced' or 'best'"),
        (["--method", "best"], "Please provide one of 'rtn' and 'gptq'"),
        (["--calibration", ""], "--calibration is empty, expected a file"),
        (["--frobnicate"], "Unknown option '--frobnicate'"),
    ])
    func wrongOptions(_ options: [String], _ text: String) throws {
        let scratch = try Scratch()
        let outcome = try scratch.tool.run(
            ["quantize", "model", "out"] + (options[0] == "--calibration" ? [] : ["--calibration", "text.safetensors"])
                + options)
        #expect(outcome.status == 64, "EX_USAGE of sysexits.h")
        #expect(outcome.errors.contains(text), "\(outcome.errors)")
        #expect(outcome.output.isEmpty)
        #expect(try scratch.contents == Scratch.untouched)
    }

    @Test func wrongArguments() throws {
        let scratch = try Scratch()
        let cases: [([String], String)] = [
            (["quantize", "", "out", "--calibration", "text.safetensors"], "<model> is empty"),
            (["quantize", "model", "", "--calibration", "text.safetensors"], "<output> is empty"),
            (["quantize", "model", "out"], "Missing expected argument '--calibration <file>'"),
            (["evaluate", "", "--text", "text.safetensors"], "<model> is empty"),
            (["evaluate", "model", "--text", ""], "--text is empty"),
            (["evaluate", "model", "--text", "text.safetensors", "--sequences", "-1"], "--sequences is -1"),
            (["evaluate", "model", "--text", "text.safetensors", "--sequence-length", "1"], "expected at least 2"),
            (["evaluate", "model"], "neither --text nor --multiple-choice, expected one of them"),
            (["evaluate", "model", "--text", "t", "--multiple-choice", "q"], "exclude each other"),
            (["evaluate", "model", "--text", "t", "--examples", "2"], "--examples needs --multiple-choice"),
            (["evaluate", "model", "--multiple-choice", "q", "--sequences", "2"], "--sequences needs --text"),
            (["evaluate", "model", "--multiple-choice", "q", "--examples", "-1"], "--examples is -1"),
            (["evaluate", "model", "--multiple-choice", "q", "--against", ""], "--against is empty"),
            (["variants", "model", "--calibration", "a", "--text", "b", "--keep", ""], "--keep is empty"),
            (["variants", "model", "--calibration", "a", "--text", "b", "--evaluation-length", "-1"], "at least 2"),
        ]
        for (arguments, text) in cases {
            let outcome = try scratch.tool.run(arguments)
            #expect(outcome.status == 64, "\(arguments)")
            #expect(outcome.errors.contains(text), "\(outcome.errors)")
        }
        #expect(try scratch.contents == Scratch.untouched)
    }

    /// Right in themselves, wrong for this model or these files.
    @Test func wrongForTheFiles() throws {
        let scratch = try Scratch()
        try FileManager.default.createDirectory(
            at: scratch.url.appending(path: "folder"), withIntermediateDirectories: false)
        let before = try scratch.contents
        let cases: [([String], String)] = [
            (["--calibration", "nowhere.txt"], "nowhere.txt: cannot be read: No such file or directory\n"),
            (["--calibration", "folder"], "folder: cannot be read: is a directory\n"),
            (["--calibration", "text.safetensors", "--skip", "experts"], "--skip experts: no linear layer matches"),
            (["--calibration", "text.safetensors", "--per-ic", "gate"], "--per-ic gate: no linear layer matches"),
            (["--calibration", "text.safetensors", "--sequence-length", "5000"], "sequences of 5000 tokens"),
        ]
        for (options, text) in cases {
            let outcome = try scratch.tool.run(["quantize", "model", "out"] + options)
            #expect(outcome.status == 1, "\(options)")
            #expect(outcome.errors.hasPrefix("Error: ") && outcome.errors.contains(text), "\(outcome.errors)")
            #expect(outcome.output.isEmpty)
        }
        #expect(try scratch.contents == before)
    }

    @Test func anExistingOutputIsKept() throws {
        let scratch = try Scratch()
        let output = scratch.url.appending(path: "out")
        try FileManager.default.createDirectory(at: output, withIntermediateDirectories: false)
        try Data("precious".utf8).write(to: output.appending(path: "file"))
        for options in [[], ["--overwrite"]] {
            let outcome = try scratch.tool.run(
                ["quantize", "model", "out", "--calibration", "text.safetensors", "--sequence-length", "16"] + options)
            #expect(outcome.status == 1)
            #expect(
                outcome.errors.contains(options.isEmpty ? "/out: exists already" : "quantization-report.json"),
                "\(outcome.errors)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: output.path) == ["file"])
        }
        #expect(try scratch.contents == ["model", "out", "text.safetensors"])
    }
}
