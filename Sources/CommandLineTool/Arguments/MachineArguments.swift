import AdaDimLinearAlgebra
import ArgumentParser
import Logging

/// Options of every command: the machine's threads, and the amount of messages.
struct MachineArguments: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Threads to compute with. (default: one for each core that the process may use)", valueName: "n"))
    var threads: Int?

    @Flag(name: .shortAndLong, help: "Say nothing but results, warnings and errors.")
    var quiet = false

    func validate() throws {
        if let threads, threads < 1 { throw ValidationError("--threads is \(threads), expected at least 1") }
    }

    /// Sets the threads; returns the terminal that messages and progress go to, and warns there about slow kernels.
    func begin() -> Terminal {
        let settings = setThreads()
        let terminal = Terminal(isQuiet: quiet)
        LoggingSystem.bootstrap { _ in TerminalLogHandler(terminal: terminal) }
        let log = Logger(label: "adadim")
        for notice in settings.notices { log.notice("\(notice)") }
        if let message = KernelMessage(BLASLibrary.report) {
            log.log(level: message.level, "\(message.text)")
        }
        return terminal
    }

    @discardableResult
    func setThreads() -> ThreadSettings { ThreadSettings(asked: threads) }
}
