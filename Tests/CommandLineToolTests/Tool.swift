import Foundation
import Testing

/// The built `adadim`, run as a person would.
struct Tool {
    struct Outcome {
        /// Exit status; negative, the signal that killed it.
        let status: Int32
        let output: String
        let errors: String
    }

    /// Beside the test program, where the package manager puts all of a build's products.
    static let url = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "adadim")

    /// Where it runs; relative paths start here.
    let directory: URL

    /// A line of the shell's that makes descriptor 5 a pipe whose reader is gone, as that of `adadim … | true` soon is.
    static let unreadPipe = "mkfifo pipe; exec 4<>pipe; exec 5>pipe; exec 4<&-; rm pipe"
    /// Lets standard output go there.
    static let intoUnreadPipe = ">&5 5>&-"

    /// - Parameters:
    ///   - redirections: of the shell, such as `2>&-`.
    ///   - whileRunning: called once, when standard error has a line.
    func callAsFunction(
        _ arguments: String..., redirections: String = "", whileRunning: ((Process) -> Void)? = nil
    ) throws -> Outcome {
        try run(arguments, redirections: redirections, whileRunning: whileRunning)
    }

    /// - Parameters:
    ///   - ignoring: a signal, by its short name, that the shell ignores on the tool's behalf.
    ///   - environment: variables to set; an empty value takes a variable away.
    ///   - limits: a line of the shell's before it, such as `ulimit -f 10`.
    ///   - launcher: a command that starts the tool, such as `setpriv`, with its arguments.
    ///   - loader: the system's dynamic loader, called by its name.
    ///   - sign: what standard error says before `whileRunning` is called.
    func run(
        _ arguments: [String], redirections: String = "", ignoring: String? = nil, environment: [String: String] = [:],
        limits: String = "", launcher: [String] = [], loader: String? = nil,
        sign: String = "\n",
        whileRunning: ((Process) -> Void)? = nil
    ) throws -> Outcome {
        let streams = FileManager.default.temporaryDirectory.appending(path: "adadim-streams-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: streams, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: streams) }
        // Files, not pipes: a pipe that nobody reads stops its writer.
        let (output, errors) = (streams.appending(path: "output"), streams.appending(path: "errors"))
        for file in [output, errors] { try Data().write(to: file) }
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        let trap = ignoring.map { "trap '' \($0); " } ?? ""
        let command =
            launcher + ["/bin/sh", "-c", trap + limits + "\nexec \"$0\" \"$@\" " + redirections]
            + (loader.map { [$0] } ?? []) + [Self.url.path] + arguments
        process.arguments = ["-c", "exec \"$0\" \"$@\""] + command
        process.currentDirectoryURL = directory
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
            .filter { !["COLUMNS", "LINES"].contains($0.key) && !$0.value.isEmpty }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        if let whileRunning {
            while process.isRunning && !sign.isEmpty
                && (try? Data(contentsOf: errors))?.range(of: Data(sign.utf8)) == nil
            { usleep(2000) }
            whileRunning(process)
        }
        process.waitUntilExit()
        let status = process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
        return Outcome(
            status: status, output: String(decoding: try Data(contentsOf: output), as: UTF8.self),
            errors: String(decoding: try Data(contentsOf: errors), as: UTF8.self))
    }
}
