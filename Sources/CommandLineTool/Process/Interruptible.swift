import AdaDimPipeline
import ArgumentParser

/// Runs `body` with what a command needs around it: an observer that listens to signals, and the exit status that a
/// shell expects of a command stopped by one.
func interruptible<Result>(on terminal: Terminal, _ body: (RunObserver) throws -> Result) throws -> Result {
    let interruption = Interruption(saying: terminal.line("stopping: cleaning up; once more to stop at once"))
    defer { interruption.end() }
    var observer = RunObserver()
    observer.isCancelled = { interruption.signal != nil }
    do {
        defer { terminal.endProgress() }
        try reserveProductBuffers()
        return try body(observer)
    } catch PipelineError.cancelled {
        terminal.message("\(PipelineError.cancelled)")
        throw ExitCode(128 + (interruption.signal ?? 0))
    }
}
