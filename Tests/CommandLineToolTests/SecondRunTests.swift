import Foundation
import Testing

/// Two runs for one output: the first goes on undisturbed, the second ends at its start.
@Suite struct SecondRunTests {
    /// Commands that take long, and the output that they say is being written.
    private static let commands: [(arguments: [String], output: String)] = [
        (["quantize", "model", "out", "--calibration", "text.safetensors"] + sizes, "out"),
        (["inspect", "model", "--calibration", "text.safetensors", "--report", "seen"] + sizes, "seen"),
        (
            ["variants", "model", "--calibration", "text.safetensors", "--text", "text.safetensors", "--keep", "kept"]
                + ["--evaluation-length", "16"] + sizes, "kept"
        ),
    ]
    private static let sizes = ["--group-size", "8", "--samples", "20000", "--sequence-length", "16"]

    /// What starts a process in a namespace of process numbers of its own, as a container has.
    private static let namespace = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]

    private static var hasNamespaces: Bool {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = namespace + ["true"]
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }

    private func hidden(_ scratch: Scratch) throws -> [String] {
        try scratch.contents.filter { $0.hasPrefix(".") }
    }

    @Test(arguments: 0..<commands.count) func theSecondIsRefused(_ index: Int) throws {
        let scratch = try Scratch()
        let (arguments, output) = Self.commands[index]
        var second: Tool.Outcome?
        var kept = (before: [String](), after: [String]())
        let first = try scratch.tool.run(arguments) { process in
            kept.before = (try? hidden(scratch)) ?? []
            second = try? scratch.tool.run(arguments + ["--quiet"])
            kept.after = (try? hidden(scratch)) ?? []
            kill(process.processIdentifier, SIGTERM)
        }
        #expect(first.status == 128 + SIGTERM)
        #expect(second?.status == 1)
        let errors = second?.errors ?? ""
        #expect(
            errors.contains(
                try Regex("^Error: .*\(output): another run is writing it: process [0-9]+ on .*, since 20.* UTC\n$")),
            "\(errors)")
        #expect(kept.before == kept.after)
        #expect(try hidden(scratch) == [])
    }

    /// Two containers on one volume: the other's process numbers mean nothing.
    @Test(.enabled(if: hasNamespaces)) func inAnotherNamespaceOfProcesses() throws {
        let scratch = try Scratch()
        let (arguments, _) = Self.commands[0]
        for (one, other) in [(Self.namespace, []), ([], Self.namespace), (Self.namespace, Self.namespace)] {
            var second: Tool.Outcome?
            _ = try scratch.tool.run(arguments, launcher: ["/usr/bin/env"] + one) { process in
                second = try? scratch.tool.run(arguments + ["--quiet"], launcher: ["/usr/bin/env"] + other)
                kill(process.processIdentifier, SIGKILL)
            }
            #expect(second?.status == 1)
            #expect(second?.errors.contains("out: another run is writing it: process ") == true)
            // What the killed one left is gone with the next run, its number 1 or not.
            #expect(try hidden(scratch).count == 2)
            var last: Tool.Outcome?
            for _ in 0..<500 {
                last = try scratch.tool.run(
                    ["quantize", "model", "out", "--calibration", "text.safetensors", "--group-size", "8"]
                        + ["--samples", "8", "--sequence-length", "16"])
                // The system takes its time to end a namespace.
                guard last?.errors.contains("another run is writing it") == true else { break }
                usleep(10_000)
            }
            #expect(last?.status == 0)
            #expect(last?.errors.contains("removed .out.partial-") == true)
            #expect(last?.errors.contains(", which a killed run had left\n") == true)
            #expect(try scratch.contents == ["model", "out", "text.safetensors"])
            try FileManager.default.removeItem(at: scratch.url.appending(path: "out"))
        }
    }
}
