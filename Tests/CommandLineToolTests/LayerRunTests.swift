import Foundation
import Testing

/// A run of `adadim layer` beside the rest of the system: signals, pipes, a second run.
@Suite struct LayerRunTests {
    @Test(arguments: [SIGINT, SIGTERM])
    func aSignalStopsTheRunAndLeavesNothing(_ signal: Int32) throws {
        let scratch = try LayerScratch(out: 64, inputs: 1024, tokens: 20_000)
        try scratch.write()
        let outcome = try scratch.run("--output", "out.safetensors") { kill($0.processIdentifier, signal) }
        #expect(outcome.status == 128 + signal)
        #expect(outcome.errors.hasSuffix("stopped before the end; no output was written\n"), "\(outcome.errors)")
        #expect(outcome.output.isEmpty)
        #expect(try scratch.contents == ["layer.safetensors"])
    }

    /// As with `adadim layer … | true`: what was written is complete, and the message says so.
    @Test(arguments: [[], ["--json"]]) func aResultThatNobodyReads(_ options: [String]) throws {
        let scratch = try LayerScratch()
        try scratch.write()
        let outcome = try scratch.tool.run(
            ["layer", "layer.safetensors", "--group-size", "16", "--output", "out.safetensors", "--quiet"] + options,
            redirections: Tool.intoUnreadPipe, limits: Tool.unreadPipe)
        #expect(
            outcome.errors
                == "Error: the result cannot be printed: standard output: Broken pipe; written and complete: out.safetensors\n"
        )
        #expect(try scratch.contents == ["layer.safetensors", "out.safetensors"])
    }

    /// Another run for the same file ends at its start.
    @Test func theSecondRunIsRefused() throws {
        let scratch = try LayerScratch(out: 1024, inputs: 1024, tokens: 1100)
        try scratch.write()
        let arguments = ["layer", "layer.safetensors", "--group-size", "16", "--output", "out.safetensors"]
        var second: Tool.Outcome?
        let first = try scratch.tool.run(arguments) { process in
            kill(process.processIdentifier, SIGSTOP)
            second = try? scratch.tool.run(arguments)
            kill(process.processIdentifier, SIGCONT)
        }
        #expect(first.status == 0)
        #expect(second?.status == 1)
        #expect(
            second?.errors.hasPrefix("Error: out.safetensors: another run is writing it: process ") == true,
            "\(second?.errors ?? "")")
        #expect(try scratch.contents == ["layer.safetensors", "out.safetensors"])
    }
}
