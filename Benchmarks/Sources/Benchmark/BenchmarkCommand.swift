import AdaDim
import ArgumentParser
import Foundation
import Results

/// `make bench`: two child processes measure, one for each choice of kernels; the peer runs before, between and after
/// them.
@main
struct BenchmarkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "Benchmark",
        abstract: "Time the engine beside this machine's sgemm and, where Python has torch, beside the usual GPTQ.")

    @Option(help: "Threads of BLAS, engine and peer.") var threads = ProcessInfo.processInfo.activeProcessorCount
    @Option(help: "Only the works whose name matches this regular expression.") var only: String?
    @Option(help: "Also write the results to this file.") var json: String?
    @Option(help: "AdaDim's sources.") var repository = "."
    @Flag(inversion: .prefixedNo, help: "Time the peer too.") var peer = true
    @Option(help: .hidden) var child: String?

    private var root: URL { URL(filePath: repository).standardizedFileURL }

    static func main() {
        BLASLibrary.startAgainWithBestKernels()
        main(nil)
    }

    func validate() throws {
        guard threads > 0 else { throw ValidationError("--threads is \(threads), expected at least 1") }
        if let only, (try? Regex(only)) == nil {
            throw ValidationError("--only \(only) is no regular expression")
        }
        guard try Workbench.allNames.contains(where: matches) else {
            throw ValidationError("--only \(only ?? "") matches no work, such as: factor 4096, sweep per-ic 4096x4096")
        }
    }

    func run() throws {
        if let child { return try measure(as: child) }
        // Better now than in half an hour.
        let file = try json.map { try ResultsFile($0) }
        var peer = self.peer ? Peer(repository: root, threads: threads) : nil
        if peer == nil { print("No peer: \(self.peer ? "no python3 on the PATH has torch" : "left out").") }
        let model = try wantsEndToEnd ? EndToEnd.model(repository: root) : nil
        if try wantsEndToEnd && model == nil {
            print("No \(EndToEnd.work): no Python here has the model; make venv installs it.")
        }

        try measure(&peer, large: false)
        var environment = ProcessInfo.processInfo.environment
        let asIs = try child("environment", environment, model)
        try measure(&peer, large: true)
        for name in ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"] { environment[name] = nil }
        let native = try child("native", environment, model)
        try measure(&peer, large: false)

        let report = Report(children: [asIs, native], peer: peer, threads: threads, repository: root)
        print(report.text)
        try file?.write(report.results)
    }

    private var wantsEndToEnd: Bool { get throws { try matches(EndToEnd.work) } }

    private func matches(_ work: String) throws -> Bool { try only.map { try work.contains(Regex($0)) } ?? true }

    /// One run of the peer for each shape; the large ones take it minutes and run once.
    private func measure(_ peer: inout Peer?, large: Bool) throws {
        for (shape, _) in Workbench.shapes where try Workbench.names(shape).contains(where: matches) {
            let isLarge = shape.inputs > Workbench.square.inputs || shape.rows > Workbench.square.rows
            if isLarge && !large { continue }
            FileHandle.standardError.write(Data("peer: \(shape.name)\n".utf8))
            try peer?.measure(shape)
        }
        if try matches(Workbench.gramBlock) { try peer?.measureGramBlock() }
    }

    private func child(_ kernel: String, _ environment: [String: String], _ model: URL?) throws -> ChildResults {
        let program = URL(filePath: CommandLine.arguments[0])
        var arguments = ["--child", kernel, "--threads", "\(threads)", "--repository", root.path]
        if let only { arguments += ["--only", only] }
        return try JSONDecoder().decode(
            ChildResults.self, from: try Command.run(program, arguments, environment: environment))
    }

    private func measure(as kernel: String) throws {
        let model = try wantsEndToEnd ? EndToEnd.model(repository: root) : nil
        var bench = Workbench(
            kernel: kernel, threads: threads, only: try only.map { try Regex($0) },
            endToEnd: try model.map { try EndToEnd(repository: root, model: $0) })
        FileHandle.standardOutput.write(try JSONEncoder().encode(try bench.run()))
    }
}
