import ArgumentParser
import Logging

/// Options of every command: the machine's threads, and how much is said.
struct MachineArguments: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Threads to compute with. (default: one for each core)", valueName: "n"))
    var threads: Int?

    @Flag(name: .shortAndLong, help: "Say nothing but results, warnings and errors.")
    var quiet = false

    func validate() throws {
        if let threads, threads < 1 { throw ValidationError("--threads is \(threads), expected at least 1") }
    }

    /// Sets the threads; returns the terminal that messages and progress go to.
    func begin() -> Terminal {
        let settings = ThreadSettings(asked: threads)
        let terminal = Terminal(isQuiet: quiet)
        LoggingSystem.bootstrap { _ in TerminalLogHandler(terminal: terminal) }
        for notice in settings.notices { Logger(label: "adadim").notice("\(notice)") }
        return terminal
    }
}
