import AdaDimLinearAlgebra
import AdaDimPipeline
import ArgumentParser

/// Runs `body` with what a command needs around it: an observer that listens to signals, and the exit status that a
/// shell expects of a command stopped by one.
func run<Result>(on terminal: Terminal, _ body: (RunObserver, Interruption) throws -> Result) throws -> Result {
    let interruption = Interruption(saying: terminal.line("stopping: cleaning up; once more to stop at once"))
    defer { interruption.end() }
    var observer = RunObserver()
    observer.isCancelled = { interruption.signal != nil }
    do {
        defer { terminal.endProgress() }
        try reserveProductBuffers()
        return try body(observer, interruption)
    } catch PipelineError.cancelled {
        terminal.message("\(PipelineError.cancelled)")
        throw ExitCode(128 + (interruption.signal ?? 0))
    }
}

/// What comes before the first product of a command.
func reserveProductBuffers() throws(NoRoomForBuffers) {
    do { try ProductBuffers.reserve() } catch { throw NoRoomForBuffers(error) }
}

/// The process's address space holds too little for OpenBLAS, which would try for ever to get more.
struct NoRoomForBuffers: Error, CustomStringConvertible {
    private let missing: OutOfMemory

    init(_ missing: OutOfMemory) { self.missing = missing }

    var description: String {
        "the address space of this process (ulimit -v) has no room for the buffers of OpenBLAS's threads, "
            + "\(missing.elements / 1_000_000) MB; fewer --threads need less"
    }
}
