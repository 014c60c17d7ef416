import AdaDimLinearAlgebra
import Foundation
import Testing

/// A processor that is newer than its OpenBLAS, and a user's own choice of kernels.
@Suite(.enabled(if: Processor.current.instructions.map { $0 > .avx } ?? false))
struct KernelTests {
    private let scratch: Scratch
    /// What `old_openblas.c` becomes.
    private let oldOpenBLAS: String

    init() throws {
        scratch = try Scratch()
        oldOpenBLAS = try Self.preloaded("old_openblas", in: scratch)
    }

    /// A library made of one of the files in Tests/Preloaded.
    private static func preloaded(_ name: String, in scratch: Scratch) throws -> String {
        let source = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Preloaded/\(name).c")
        let library = scratch.url.appending(path: "\(name).so")
        let compiler = Process()
        compiler.executableURL = URL(filePath: "/bin/sh")
        compiler.arguments = [
            "-c", "$(command -v cc || echo clang) -shared -fPIC \"$0\" -o \"$1\"", source.path, library.path,
        ]
        try compiler.run()
        compiler.waitUntilExit()
        try #require(compiler.terminationStatus == 0)
        return library.path
    }

    private func run(
        _ arguments: [String], redirections: String = "", with environment: [String: String], sign: String = "\n",
        whileRunning: ((Process) -> Void)? = nil
    ) throws -> Tool.Outcome {
        try scratch.tool.run(
            arguments, redirections: redirections,
            environment: ["OPENBLAS_CORETYPE": ""].merging(environment) { $1 }, sign: sign,
            whileRunning: whileRunning)
    }

    private func machine(with environment: [String: String]) throws -> [String: Any] {
        let outcome = try run(["machine", "--json"], with: environment)
        #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
        return try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any] ?? [:]
    }

    private let evaluation = [
        "evaluate", "model", "--text", "text.safetensors", "--sequence-length", "16", "--threads", "1",
    ]

    @Test func theToolStartsAgainWithTheBestKernels() throws {
        let old = ["LD_PRELOAD": oldOpenBLAS]
        let best = try #require(KernelFamily.suitable(for: .current).first)
        let found = try machine(with: old)
        #expect(found["kernels"] as? String == best)
        #expect(found["replacedKernels"] as? String == "Prescott")
        #expect(found["betterKernels"] is NSNull)
        #expect((found["productRate"] as? Double).map { $0 > 0 } ?? false)
        #expect(try run(["machine", "--coretype"], with: old).output == best + "\n")

        let outcome = try run(evaluation, with: old)
        #expect(outcome.status == 0 && outcome.output.hasPrefix("perplexity "))
        #expect(
            outcome.errors.hasPrefix(
                "OpenBLAS had chosen the kernels Prescott, which use less than this processor has "
                    + "(\(Processor.current)); started again with \(best)\n"), "\(outcome.errors)")
        let quiet = try run(evaluation + ["--quiet"], with: old)
        #expect(quiet.errors.isEmpty && quiet.output == outcome.output)
    }

    /// After all families were tried the last start goes on, and says that it is slow.
    @Test func aLibraryWithoutBetterKernelsIsNamed() throws {
        let poor = ["LD_PRELOAD": oldOpenBLAS, "OLD_OPENBLAS_HAS_NO_OTHER": "1"]
        let found = try machine(with: poor)
        #expect(found["kernels"] as? String == "Prescott" && found["replacedKernels"] is NSNull)
        #expect(found["betterKernels"] is NSNull)
        let outcome = try run(evaluation + ["--quiet"], with: poor)
        let library = try #require(BLASLibrary.report.library)
        #expect(
            outcome.status == 0
                && outcome.errors
                    == "warning: \(library) has no kernels better than Prescott, which use less than this processor has "
                    + "(\(Processor.current)): a newer OpenBLAS is faster\n",
            "\(outcome.errors)")
    }

    /// Families without the best instructions are left to a library that has only these; it is tried with each once.
    @Test func theBestOfWhatTheLibraryHasIsTaken() throws {
        let suitable = KernelFamily.suitable(for: .current)
        let lacking = suitable.filter { KernelFamily.instructions(of: $0) == Processor.current.instructions }
        let left = try #require(suitable.first { !lacking.contains($0) })
        let found = try machine(with: [
            "LD_PRELOAD": oldOpenBLAS, "OLD_OPENBLAS_LACKS": lacking.joined(separator: ","),
        ])
        #expect(found["kernels"] as? String == left && found["replacedKernels"] as? String == "Prescott")
        #expect(found["betterKernels"] is NSNull)
    }

    /// Arguments, streams and exit status are those of the second start.
    @Test func aRestartShowsInNothingElse() throws {
        let old = ["LD_PRELOAD": oldOpenBLAS]
        let odd = ["evaluate", "", "--text", "a b\n'\"$(c)\\", "--sequences", "-1"]
        let (plain, restarted) = (try run(odd, with: [:]), try run(odd, with: old))
        #expect(plain.status == 64 && restarted.status == 64)
        #expect(plain.errors == restarted.errors && restarted.output.isEmpty)
        let printed = try run(evaluation, redirections: ">&-", with: old)
        #expect(printed.status == 1 && printed.errors.hasSuffix("standard output: Bad file descriptor\n"))
    }

    /// The process number stays, so a signal reaches the second start.
    @Test func aSignalReachesTheSecondStart() throws {
        let output = "signalled"
        let outcome = try run(
            [
                "quantize", "model", output, "--calibration", "text.safetensors", "--group-size", "8", "--samples",
                "20000", "--sequence-length", "16",
            ], with: ["LD_PRELOAD": oldOpenBLAS], sign: " calibration tokens\n"
        ) { kill($0.processIdentifier, SIGTERM) }
        #expect(outcome.status == 128 + SIGTERM, "\(outcome.errors)")
        #expect(try !scratch.contents.contains(output))
    }

    @Test func aUsersChoiceStandsAndIsNamedWithItsCost() throws {
        let chosen = ["OPENBLAS_CORETYPE": "Prescott"]
        let found = try machine(with: chosen)
        #expect(found["kernels"] as? String == "Prescott")
        #expect(found["replacedKernels"] is NSNull)
        let best = try #require(KernelFamily.suitable(for: .current).first)
        #expect(found["betterKernels"] as? String == best)
        #expect(try run(["machine", "--coretype"], with: chosen).output == "Prescott\n")

        let outcome = try run(evaluation + ["--quiet"], with: chosen)
        #expect(outcome.status == 0)
        let warning = try Regex(
            "^warning: OPENBLAS_CORETYPE=Prescott chooses kernels that use less than this processor has "
                + "\\(\(Processor.current)\\); \(best) is faster: [0-9.]+ GFLOP/s instead of [0-9.]+\n$")
        #expect(try warning.wholeMatch(in: outcome.errors) != nil, "\(outcome.errors)")
        #expect(try run(["machine"], with: chosen).output.contains("; \(best) is faster: "))
    }

    /// A choice that the library does not have, and with it none better.
    @Test func aUsersChoiceThatTheLibraryLacksIsNamed() throws {
        let best = try #require(KernelFamily.suitable(for: .current).first)
        let outcome = try run(
            evaluation + ["--quiet"],
            with: ["LD_PRELOAD": oldOpenBLAS, "OLD_OPENBLAS_HAS_NO_OTHER": "1", "OPENBLAS_CORETYPE": best])
        #expect(
            outcome.status == 0 && outcome.errors.contains(" has no kernels better than Prescott, which use less "),
            "\(outcome.errors)")
    }

    /// What measures other kernels may never come to its end. The run goes on, and no process is left.
    @Test func aMeasurementThatHangsEnds() throws {
        let number = scratch.url.appending(path: "number")
        let hanging = [
            "LD_PRELOAD": try Self.preloaded("hanging_child", in: scratch), "HANGING_CHILD": number.path,
            "OPENBLAS_CORETYPE": "Prescott",
        ]
        let outcome = try run(evaluation, with: hanging)
        #expect(outcome.status == 0 && outcome.output.hasPrefix("perplexity "))
        #expect(
            outcome.errors.contains(": products may take two to eight times as long as with "), "\(outcome.errors)")
        #expect(try !isRunning(child(in: number)))

        // Nor does it stay where the run itself is killed meanwhile.
        try FileManager.default.removeItem(at: number)
        let killed = try run(evaluation, with: hanging, sign: "") { process in
            while process.isRunning && (try? child(in: number)) == nil { usleep(2000) }
            kill(process.processIdentifier, SIGKILL)
        }
        #expect(killed.status == -SIGKILL)
        let orphan = try child(in: number)
        let end = ContinuousClock.now.advanced(by: .seconds(60))
        while isRunning(orphan) && ContinuousClock.now < end { usleep(2000) }
        #expect(!isRunning(orphan))
    }

    /// Not if only its number is left, for a parent that has not asked.
    private func isRunning(_ process: pid_t) -> Bool {
        guard let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8) else { return false }
        return !status.contains("State:\tZ")
    }

    private func child(in file: URL) throws -> pid_t {
        try #require(pid_t(String(decoding: try Data(contentsOf: file), as: UTF8.self).dropLast()))
    }

    /// OpenBLAS for OpenMP starts its threads at its first product.
    @Test(.enabled(if: openMP != nil)) func threadsOfOpenMPAreLeftAlone() throws {
        let folder = try #require(Self.openMP)
        let found = try machine(with: ["LD_LIBRARY_PATH": folder, "OMP_NUM_THREADS": "2"])
        #expect(found["threads"] as? Int == 2)
        #expect((found["library"] as? String)?.hasPrefix(folder) == true)
    }

    /// Where it is: OPENBLAS_OPENMP, or where Debian has it.
    private static let openMP = [
        ProcessInfo.processInfo.environment["OPENBLAS_OPENMP"], "/usr/lib/x86_64-linux-gnu/openblas-openmp",
    ].compactMap { $0 }.first { FileManager.default.fileExists(atPath: $0 + "/libopenblas.so.0") }

    @Test func kernelsThatSuitTheProcessorAreNotMentioned() throws {
        let best = try #require(KernelFamily.suitable(for: .current).first)
        let found = try machine(with: ["OPENBLAS_CORETYPE": best])
        #expect(found["kernels"] as? String == best && found["betterKernels"] is NSNull)
        let outcome = try run(evaluation, with: ["OPENBLAS_CORETYPE": best])
        #expect(!outcome.errors.contains("kernels"), "\(outcome.errors)")
    }

    /// A library that takes OpenBLAS's place is left alone and named: here a copy of OpenBLAS itself, put first.
    @Test func anotherLibraryIsLeftAloneAndNamed() throws {
        let linked = try #require(BLASLibrary.report.library)
        let copy = scratch.url.appending(path: "libopenblas-other.so").path
        try FileManager.default.copyItem(atPath: linked, toPath: copy)
        let best = try #require(KernelFamily.suitable(for: .current).first)
        let named = "products are computed by \(copy), not by the OpenBLAS that adadim is linked with"
        let preloaded = try run(evaluation, with: ["LD_PRELOAD": copy, "OPENBLAS_CORETYPE": best])
        #expect(preloaded.status == 0 && preloaded.errors.hasPrefix(named + "\n"), "\(preloaded.errors)")

        let old = ["LD_PRELOAD": "\(oldOpenBLAS) \(copy)"]
        let found = try machine(with: old)
        #expect(found["library"] as? String == copy && found["kernels"] as? String == "Prescott")
        #expect(found["replacedKernels"] is NSNull)
        let outcome = try run(evaluation, with: old)
        #expect(
            outcome.status == 0
                && outcome.errors.hasPrefix(
                    "warning: \(named); its kernels, Prescott, use less than this processor has "
                        + "(\(Processor.current)): set OPENBLAS_CORETYPE=\(best)\n"),
            "\(outcome.errors)")
    }
}
