import AdaDimRegression
import ArgumentParser

struct RegressCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Run the suite again and compare with a baseline.",
        usage: "adadim regress check <directory> [<options>]",
        discussion: """
            Exit status 0 if everything holds, 1 if something does not. Where the libraries that answer, their kernels, the \
            compiler, the processor and the threads are those of the baseline, numbers must be the same to the last bit. \
            Elsewhere codes may flip near ties and losses may differ, within the bounds that the report states; weights \
            rounded to nearest and refusals must be the same everywhere.
            """)

    @Argument(help: "The directory that 'adadim regress record' wrote.", completion: .directory)
    var directory: String

    @OptionGroup(title: "Suite") var suite: RegressSuiteArguments
    @OptionGroup(title: "Your own layers") var layers: RegressLayerArguments
    @OptionGroup(title: "Comparison") var comparison: RegressComparisonArguments
    @OptionGroup(title: "Output") var reporting: RegressReportArguments
    @OptionGroup(title: "Machine") var machine: MachineArguments

    func validate() throws {
        try refuseEmpty(directory, "<directory>", expected: "a directory that holds a baseline")
    }

    func run() throws {
        let terminal = machine.begin()
        let source = BaselineDirectory(directory)
        let baseline = try source.read()
        try reporting.checkWritable()
        let run = try suite.run(layers)
        try baseline.checkHasSome(of: run)
        let (report, _) = try regress(on: terminal, run) { results, environment in
            var comparison = Comparison(environment: environment)
            comparison.boundsOnly = self.comparison.boundsOnly
            return try comparison.report(results, baseline: baseline) {
                (record, index, run) throws(RegressionError) in try source.codes(of: record, at: index, run: run)
            }
        }
        try reporting.write(report)
        guard report.isGreen else { throw ExitCode.failure }
    }
}
