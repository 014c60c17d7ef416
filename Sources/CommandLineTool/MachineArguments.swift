import AdaDimLinearAlgebra
import ArgumentParser
import Logging

/// Options of every command: the machine's threads, and how much is said.
struct MachineArguments: ParsableArguments {
    @Option(help: "Threads of BLAS and of the engine. (default: all cores)")
    var threads: Int?

    @Flag(name: .shortAndLong, help: "Say nothing but results and errors.")
    var quiet = false

    func validate() throws {
        if let threads, threads < 1 { throw ValidationError("--threads is \(threads), expected at least 1") }
    }

    /// Sets the threads; returns the terminal that messages and progress go to.
    func begin() -> Terminal {
        if let threads { BLASLibrary.threadCount = threads }
        let terminal = Terminal(isQuiet: quiet)
        LoggingSystem.bootstrap { _ in TerminalLogHandler(terminal: terminal) }
        return terminal
    }
}
