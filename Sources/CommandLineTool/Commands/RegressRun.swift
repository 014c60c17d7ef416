import AdaDimPipeline
import AdaDimRegression
import AdaDimReports

/// Makes a run with the real engine, and what a command needs around it.
func regress(
    on terminal: Terminal, _ run: RegressionRun,
    _ judge: (RegressionRun.Results, RegressionEnvironment) throws -> RegressionReport
) throws -> (RegressionReport, RegressionRun.Results) {
    var run = run
    let environment = RegressionEnvironment.current(tool: toolVersion)
    return try interruptible(on: terminal) { observer in
        run.progress = { name, index, count in
            terminal.progress(
                "layer \(index + 1)/\(count): \(name)",
                plain: index == 0 ? "\(count) layers to quantize and to judge" : nil)
        }
        run.isCancelled = observer.isCancelled
        do {
            let results = try run.run()
            // A signal that came during the last step counts, too: nothing is written after it.
            if observer.isCancelled() { throw RegressionError.cancelled }
            return (try judge(results, environment), results)
        } catch RegressionError.cancelled {
            throw PipelineError.cancelled
        }
    }
}
