import Foundation
import Testing

/// `adadim regress` as a person or a CI system runs it, on a few small layers.
@Suite struct RegressTests {
    private let few = ["--only", "shape 1*,condition 1,NaN in*", "--threads", "1"]

    private func json(_ outcome: Tool.Outcome) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    }

    @Test func recordThenCheckIsGreen() throws {
        let scratch = try Scratch()
        let recorded = try scratch.tool.run(["regress", "record", "base"] + few)
        #expect(recorded.status == 0, "\(recorded.errors)")
        #expect(recorded.output.contains("\ngreen: 4 layers and 4 refusals\n"))
        #expect(recorded.output.hasSuffix("\nWritten to base\n"))
        // The library that multiplies is named by its file.
        #expect(recorded.output.contains(".so") && recorded.output.contains("cblas_sgemm"))
        #expect(recorded.errors == "4 layers to quantize and to judge\n")
        for _ in 0..<2 {
            let checked = try scratch.tool.run(["regress", "check", "base", "-q"] + few)
            #expect(checked.status == 0 && checked.errors.isEmpty, "\(checked.output)\(checked.errors)")
            #expect(checked.output.contains("every number must be the same"))
        }
        #expect(try scratch.contents == ["base"] + Scratch.untouched)
    }

    @Test func otherThreadsAreComparedByBounds() throws {
        let scratch = try Scratch()
        _ = try scratch.tool.run(["regress", "record", "base"] + few)
        let outcome = try scratch.tool.run([
            "regress", "check", "base", "--threads", "2", "--only", "shape*", "--max-size", "7",
        ])
        #expect(outcome.status == 0, "\(outcome.output)")
        #expect(outcome.output.contains("  threads: 1, now 2\n"))
        #expect(outcome.output.contains("In the baseline, but not run: shape 129x65; condition 1"))
        #expect(outcome.output.contains("Not in the baseline, judged without it: shape 7x1; shape 2x3"))
    }

    /// What is no plain file is written to, not replaced, and neither is a link.
    @Test func reportsGoWhereTheirNamesLead() throws {
        let scratch = try Scratch()
        _ = try scratch.tool.run(["regress", "record", "base"] + few)
        let check = ["regress", "check", "base", "-q"] + few
        let pipe = scratch.url.appending(path: "pipe").path
        try #require(mkfifo(pipe, 0o600) == 0)
        // Open at both ends, so that nobody waits; the report is smaller than what a pipe holds.
        let reader = try #require(FileHandle(forUpdatingAtPath: pipe))
        #expect(try scratch.tool.run(check + ["--junit", "pipe"]).status == 0)
        let streamed = String(decoding: reader.availableData, as: UTF8.self)
        #expect(streamed.contains("<testsuites name=\"adadim regress\""))
        let link = scratch.url.appending(path: "link.xml").path
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "report.xml")
        for _ in 0..<2 { #expect(try scratch.tool.run(check + ["--junit", "link.xml"]).status == 0) }
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "report.xml")
        let report = try String(contentsOf: scratch.url.appending(path: "report.xml"), encoding: .utf8)
        #expect(report.contains("<testsuites name=\"adadim regress\"") && report.hasSuffix("</testsuites>\n"))
    }

    /// A baseline of other numbers: red, status 1, the case and the kind in every format.
    @Test func aRedCheckSaysWhatItFound() throws {
        let scratch = try Scratch()
        _ = try scratch.tool.run(["regress", "record", "base"] + few)
        let file = scratch.url.appending(path: "base/baseline.json")
        var text = try String(contentsOf: file, encoding: .utf8)
        let digest = try #require(text.firstMatch(of: #/"scales" : "([0-9a-f]{16})"/#)).1
        text = text.replacing(digest, with: "0000000000000000")
        try text.write(to: file, atomically: false, encoding: .utf8)
        let outcome = try scratch.tool.run(["regress", "check", "base", "-q", "--junit", "report.xml"] + few)
        #expect(outcome.status == 1 && outcome.errors.isEmpty)
        #expect(
            outcome.output.contains("\nRED ") && outcome.output.contains("though nothing in the environment is: scales")
        )
        #expect(outcome.output.contains("\nred: 1 of 4 layers and 4 refusals\n"))
        let report = try String(contentsOf: scratch.url.appending(path: "report.xml"), encoding: .utf8)
        #expect(report.contains("<testsuites name=\"adadim regress\" tests=\"8\" failures=\"1\""))
        #expect(report.contains("<failure type=\"exactness\""))
        let machine = try json(try scratch.tool.run(["regress", "check", "base", "-q", "--json"] + few))
        #expect(machine["isGreen"] as? Bool == false && (machine["cases"] as? [Any])?.count == 4)
        // By bounds alone the same digest does not count, codes and losses being the same.
        #expect(try scratch.tool.run(["regress", "check", "base", "-q", "--bounds-only"] + few).status == 0)
    }

    @Test func whatCannotBeUsedIsRefused() throws {
        let scratch = try Scratch()
        _ = try scratch.tool.run(["regress", "record", "base"] + few)
        try Data("{}".utf8).write(to: scratch.url.appending(path: "file"))
        let before = try scratch.contents
        let cases: [([String], Int32, String)] = [
            (["record", "base"], 1, "base: holds a baseline already; --overwrite replaces it"),
            (["record", "model"], 1, "model: holds config.json, which is no part of a baseline"),
            (["record", "file"], 1, "file: writing a baseline: it is no directory"),
            (["record", "nowhere/base"], 1, "a baseline cannot be written in it: No such file or directory"),
            (["record", ""], 64, "<directory> is empty, expected a directory to write"),
            (["record", "new", "--max-size", "0"], 64, "--max-size is 0, expected at least 1"),
            (["record", "new", "--only", "nothing*"], 1, "nothing to run: no case is left"),
            (["record", "new", "--layers", ""], 64, "--layers is empty, expected a folder"),
            (["record", "new", "--layers", "nowhere"], 1, "nowhere: there is no such directory"),
            (["record", "new", "--junit", "nowhere/report.xml"], 1, "nowhere/report.xml: writing the JUnit report"),
            (["record", "new", "--junit", "model"], 1, "model: writing the JUnit report: it is a directory"),
            (["check", "nowhere"], 1, "nowhere: there is no such directory"),
            (["check", "model"], 1, "model: holds no baseline.json"),
            (
                ["check", "base", "--only", "rank*"], 1,
                "none of the layers, such as rank 20 of 150, is in the baseline"
            ),
            (["check", "base", "--overwrite"], 64, "Unknown option '--overwrite'"),
        ]
        for (arguments, status, text) in cases {
            let outcome = try scratch.tool.run(["regress"] + arguments)
            #expect(outcome.status == status, "\(arguments)")
            #expect(outcome.errors.hasPrefix("Error: ") && outcome.errors.contains(text), "\(outcome.errors)")
            #expect(outcome.output.isEmpty)
        }
        #expect(try scratch.contents == before)
    }

    /// Ctrl-C during a run: the status that a shell expects, and nothing left behind.
    @Test func interruptedRecordsLeaveNothing() throws {
        let scratch = try Scratch()
        let outcome = try scratch.tool.run(["regress", "record", "base", "--only", "*x1024"]) { $0.interrupt() }
        #expect(outcome.status == 128 + SIGINT, "\(outcome.output)\(outcome.errors)")
        #expect(outcome.output.isEmpty && outcome.errors.contains("stopped before the end"))
        #expect(try scratch.contents == Scratch.untouched)
    }
}
