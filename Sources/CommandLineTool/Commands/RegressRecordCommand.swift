import AdaDimPipeline
import AdaDimRegression
import ArgumentParser
import Logging

struct RegressRecordCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record",
        abstract: "Run the suite and keep its numbers as a baseline.",
        usage: "adadim regress record <directory> [<options>]",
        discussion: """
            Writes <directory>/baseline.json and the packed codes next to it, completely or not at all. A run that \
            fails its identities is no baseline: it is reported, nothing is written, and the exit status is 1.
            """)

    @Argument(help: "The directory to write.", completion: .directory)
    var directory: String

    @OptionGroup(title: "Suite") var suite: RegressSuiteArguments
    @OptionGroup(title: "Your own layers") var layers: RegressLayerArguments
    @OptionGroup(title: "Output") var output: RegressOverwriteArguments
    @OptionGroup(title: "Output") var reporting: RegressReportArguments
    @OptionGroup(title: "Machine") var machine: MachineArguments

    func validate() throws {
        try refuseEmpty(directory, "<directory>", expected: "a directory to write")
    }

    func run() throws {
        let terminal = machine.begin()
        let target = BaselineDirectory(directory)
        let claim = try target.claim(overwrite: output.overwrite) { Logger(label: "adadim").notice("\($0)") }
        try reporting.checkWritable()
        let (report, results) = try regress(on: terminal, suite.run(layers)) { results, environment in
            try Comparison(environment: environment).report(results, baseline: nil) {
                (_, _, _) throws(RegressionError) in throw .cancelled
            }
        }
        if report.isGreen {
            try target.write(
                Baseline(results, environment: report.environment),
                codes: Dictionary(uniqueKeysWithValues: results.cases.map { ($0.name, $0.codes) }), claim)
        }
        try reporting.write(report, afterWriting: report.isGreen ? directory : nil)
        guard report.isGreen else {
            terminal.message("No baseline was written")
            throw ExitCode.failure
        }
        if !reporting.json { try StandardStreams.print("Written to \(directory)", afterWriting: directory) }
    }
}
