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

/// What comes before the first product of a command: where the process's address space is limited, there is room for OpenBLAS,
/// which would try for ever to get more, and for what else a command needs, without which Swift ends the process.
func reserveProductBuffers() throws(NoAddressSpace) {
    do {
        try ProductBuffers.reserve()
    } catch {
        throw NoAddressSpace(
            text:
                "has no room for the buffers of OpenBLAS's threads, \(error.elements / 1_000_000) MB; fewer --threads "
                + "need less")
    }
    let least = 64_000_000
    if let left = MachineMemory.addressSpace, left < least {
        throw NoAddressSpace(
            text: "has \(left / 1_000_000) MB left besides the buffers of OpenBLAS's threads, expected at least "
                + "\(least / 1_000_000) MB")
    }
}

/// The process's address space is too small.
struct NoAddressSpace: Error, CustomStringConvertible {
    fileprivate let text: String

    var description: String { "the address space of this process (ulimit -v) \(text)" }
}
