import AdaDimLinearAlgebra
import Foundation
import Testing

/// A system that gives little: threads, file sizes, descriptors.
@Suite struct LimitTests {
    /// A user that nobody is, so that its processes are the test's alone. The limit of processes does not hold for root.
    private static let user = String(UInt32.random(in: 200_000..<2_000_000_000))
    private static let drop = ["/usr/bin/env", "setpriv", "--reuid", user, "--regid", user, "--clear-groups"]

    /// Whether this process may become that user, which may run the tool.
    private static var canDrop: Bool {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = Array(drop.dropFirst()) + [Tool.url.path, "--version"]
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }

    private func openScratch() throws -> Scratch {
        let scratch = try Scratch()
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: scratch.url.path)
        return scratch
    }

    /// Starts the tool as that user with so many processes, threads counted. To hang is to fail.
    private static func launcher(_ processes: Int, watched: Bool = true) -> [String] {
        drop[..<1] + (watched ? ["timeout", "--signal=KILL", "120"] : []) + ["prlimit", "--nproc=\(processes)"]
            + drop[1...]
    }

    /// With as few threads as there may be, every run ends, and with the same weights.
    @Test(
        .enabled(if: canDrop),
        arguments: [(1, []), (2, []), (2, ["--threads", "1"]), (3, []), (4, ["--threads", "8"])])
    func fewThreads(_ processes: Int, _ options: [String]) throws {
        let scratch = try openScratch()
        let arguments =
            ["quantize", "model", "out", "--calibration", "text.safetensors", "--group-size", "8", "--samples", "8"]
            + ["--sequence-length", "16"] + options
        let outcome = try scratch.tool.run(
            arguments,
            launcher: Self.launcher(processes))
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try scratch.contents == ["model", "out", "text.safetensors"])
    }

    /// The system's loader, called by its name: it is the program that the kernel knows.
    private static let loader = "/lib64/ld-linux-x86-64.so.2"

    /// Started again with fewer threads, it is the same program.
    @Test(.enabled(if: canDrop && FileManager.default.fileExists(atPath: loader)))
    func fewThreadsUnderTheLoader() throws {
        let scratch = try openScratch()
        let outcome = try scratch.tool.run(
            ["evaluate", "model", "--text", "text.safetensors", "--sequence-length", "16"],
            environment: ["OPENBLAS_NUM_THREADS": "2"], launcher: Self.launcher(1), loader: Self.loader)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors.contains("computing with 1\n") && outcome.output.hasPrefix("perplexity "))
    }

    /// Where no process is to be had, or no address space for one, a poor choice of kernels is named without a measurement.
    @Test(
        .enabled(if: canDrop && Processor.current.instructions.map { $0 > .avx } ?? false),
        arguments: [["evaluate", "model", "--text", "text.safetensors", "--sequence-length", "16"], ["machine"]])
    func aPoorChoiceOfKernelsWithFewProcesses(_ arguments: [String]) throws {
        let scratch = try openScratch()
        let outcome = try scratch.tool.run(
            arguments, environment: ["OPENBLAS_CORETYPE": "Prescott", "OPENBLAS_NUM_THREADS": "1"],
            launcher: Self.launcher(1))
        #expect(outcome.status == 0, "\(outcome.errors)")
        let best = try #require(KernelFamily.suitable(for: .current).first)
        #expect(
            (outcome.errors + outcome.output).contains(
                "OPENBLAS_CORETYPE=Prescott chooses kernels that use less than this processor has "
                    + "(\(Processor.current)): products may take two to eight times as long as with \(best)\n"),
            "\(outcome.errors)")
    }

    /// As much address space as one start needs, or a little more: a result or an error, never a wait or a trap.
    @Test(arguments: ["", "Prescott"], ["machine", "evaluate"])
    func littleAddressSpace(_ kernels: String, _ command: String) throws {
        let scratch = try Scratch()
        let arguments = [
            "machine": ["machine"],
            "evaluate": ["evaluate", "model", "--text", "text.safetensors", "--sequence-length", "16"],
        ]
        for megabytes in [150, 200, 250] + stride(from: 254, to: 282, by: 4) + [300, 400] {
            let outcome = try scratch.tool.run(
                arguments[command] ?? [],
                environment: ["OPENBLAS_CORETYPE": kernels, "OPENBLAS_NUM_THREADS": "1"],
                limits: "ulimit -v \(megabytes << 10)", launcher: ["timeout", "--signal=KILL", "120"])
            #expect(
                outcome.status == 0 && !outcome.output.isEmpty
                    || outcome.status == 1 && outcome.errors.contains("Error: "),
                "\(megabytes) MB: status \(outcome.status), \(outcome.errors)")
        }
    }

    /// A limit that SIGINT's being ignored once turned into a wait for ever.
    @Test(.enabled(if: canDrop)) func fewThreadsInTheBackground() throws {
        let scratch = try openScratch()
        let outcome = try scratch.tool.run(
            ["evaluate", "model", "--text", "text.safetensors", "--sequence-length", "16"], ignoring: "INT",
            launcher: Self.launcher(1))
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.hasPrefix("perplexity "))
    }

    /// However few threads there are, a signal ends the run.
    @Test(.enabled(if: canDrop), arguments: [SIGINT, SIGTERM]) func signalsWithFewThreads(_ signal: Int32) throws {
        let scratch = try openScratch()
        let outcome = try scratch.tool.run(
            ["quantize", "model", "out", "--calibration", "text.safetensors", "--group-size", "8"]
                + ["--samples", "20000", "--sequence-length", "16", "--threads", "1"],
            launcher: Self.launcher(2, watched: false), sign: " calibration tokens\n"
        ) { kill($0.processIdentifier, signal) }
        #expect(outcome.status == 128 + signal)
        #expect(outcome.errors.hasSuffix("stopped before the end; no output was written\n"), "\(outcome.errors)")
        #expect(try scratch.contents == Scratch.untouched)
    }

    /// As a full disk: an error, and nothing stays.
    @Test(arguments: [8, 40]) func smallFiles(_ blocks: Int) throws {
        let scratch = try Scratch()
        // Larger than the weights, which are what is to be cut off.
        try FileManager.default.removeItem(at: scratch.url.appending(path: "model/expected.json"))
        let outcome = try scratch.tool.run(
            ["quantize", "model", "out", "--calibration", "text.safetensors", "--group-size", "8", "--samples", "8"]
                + ["--sequence-length", "16", "--quiet"], limits: "ulimit -f \(blocks)")
        #expect(outcome.status == 1)
        #expect(
            outcome.errors.hasPrefix("Error: ") && outcome.errors.hasSuffix(" failed: File too large\n"),
            "\(outcome.errors)")
        #expect(try scratch.contents == Scratch.untouched)
    }

    /// A process that has used up its CPU time is asked to end, as by Ctrl-C.
    @Test func cpuTimeIsUp() throws {
        let scratch = try Scratch()
        let outcome = try scratch.tool.run(
            ["quantize", "model", "out", "--calibration", "text.safetensors", "--group-size", "8"]
                + ["--samples", "20000", "--sequence-length", "16"], sign: " calibration tokens\n"
        ) { kill($0.processIdentifier, SIGXCPU) }
        #expect(outcome.status == 128 + SIGXCPU)
        #expect(outcome.errors.hasSuffix("stopped before the end; no output was written\n"), "\(outcome.errors)")
        #expect(try scratch.contents == Scratch.untouched)
    }
}
