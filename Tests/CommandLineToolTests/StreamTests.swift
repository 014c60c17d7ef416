import Foundation
import Testing

/// Streams that fail and signals that stop a run.
@Suite struct StreamTests {
    /// Whoever does not want to hear loses nothing else: not the run, and not a byte of the output.
    @Test(arguments: ["2>&-", "2>/dev/full", "2>/dev/null </dev/null 0<&-"])
    func standardErrorMayFail(_ redirections: String) throws {
        let scratch = try Scratch()
        #expect(try scratch.quantize().status == 0)
        let weights = scratch.url.appending(path: "out/model.safetensors")
        let expected = try Data(contentsOf: weights)
        let outcome = try scratch.quantize("--overwrite", redirections: redirections)
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("\nWritten to out\nReport: file:///"))
        #expect(try Data(contentsOf: weights) == expected)
        #expect(try scratch.contents == ["model", "out", "text.safetensors"])
    }

    /// As with `2>&1 | head -1`.
    @Test func aReaderMayGoAway() throws {
        let scratch = try Scratch()
        let outcome = try scratch.quantize(redirections: "2>&1 >result | head -1; cat result")
        #expect(outcome.output.hasPrefix("14 layers in 2 blocks"))
        #expect(outcome.output.contains("\nWritten to out\nReport: file:///"))
    }

    @Test(arguments: [
        (">/dev/full", "No space left on device"), (">&-", "Bad file descriptor"),
    ])
    func resultsThatCannotBePrintedAreAnError(_ redirections: String, _ reason: String) throws {
        let scratch = try Scratch()
        let text = "Error: the result cannot be printed: standard output: \(reason)\n"
        for arguments in [
            ["evaluate", "model", "--text", "text.safetensors", "--sequence-length", "16", "--quiet"], ["--help"],
            ["--version"],
        ] {
            let outcome = try scratch.tool.run(arguments, redirections: redirections)
            #expect(outcome.status == 1, "\(arguments)")
            #expect(outcome.errors == text, "\(arguments)")
        }
        let outcome = try scratch.quantize("--quiet", redirections: redirections)
        #expect(outcome.status == 1)
        // What was made is there, and the message says so.
        #expect(outcome.errors == text.dropLast() + "; written and complete: out\n")
        #expect(try scratch.contents == ["model", "out", "text.safetensors"])
    }

    /// As with `adadim … | true`, of every command that leaves something behind.
    @Test(arguments: [
        (["quantize", "model", "out", "--calibration", "text.safetensors"], "out"),
        (["inspect", "model", "--calibration", "text.safetensors", "--report", "seen"], "seen"),
        (["inspect", "model", "--calibration", "text.safetensors", "--report", "seen", "--json"], "seen"),
        (
            ["variants", "model", "--calibration", "text.safetensors", "--text", "text.safetensors", "--keep", "kept"]
                + ["--evaluation-length", "16"], "kept"
        ),
        (["regress", "record", "baseline", "--only", "NaN in*"], "baseline"),
    ])
    func aResultThatNobodyReads(_ arguments: [String], _ written: String) throws {
        let scratch = try Scratch()
        let sizes =
            arguments[0] == "regress" ? [] : ["--group-size", "8", "--samples", "8", "--sequence-length", "16"]
        let outcome = try scratch.tool.run(
            arguments + sizes + ["--quiet"], redirections: Tool.intoUnreadPipe, limits: Tool.unreadPipe)
        #expect(
            outcome.errors
                == "Error: the result cannot be printed: standard output: Broken pipe; written and complete: \(written)\n"
        )
        #expect(try scratch.contents == (["model", "text.safetensors", written]).sorted())
    }

    /// Signals that were blocked for the program, too: the test program starts it from a thread that has them all blocked.
    @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
    func aSignalStopsTheRunAndLeavesNothing(_ signal: Int32) throws {
        let scratch = try Scratch()
        let outcome = try scratch.quantize("--samples", "20000") { kill($0.processIdentifier, signal) }
        #expect(outcome.status == 128 + signal)
        #expect(outcome.errors.hasSuffix("stopped before the end; no output was written\n"), "\(outcome.errors)")
        #expect(outcome.output.isEmpty)
        #expect(try scratch.contents == Scratch.untouched)
    }

    /// nohup ignores SIGHUP on the command's behalf.
    @Test func anIgnoredHangUpStaysIgnored() throws {
        let scratch = try Scratch()
        let outcome = try scratch.tool.run(
            ["quantize", "model", "out", "--calibration", "text.safetensors", "--group-size", "8"]
                + ["--samples", "5000", "--sequence-length", "16"],
            ignoring: "HUP"
        ) { kill($0.processIdentifier, SIGHUP) }
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("\nWritten to out\nReport: file:///"))
    }
}
