import ArgumentParser

/// Where the figures of an inspection go.
struct InspectionOutputArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The directory to write; appears when it is complete, or not at all. (default: none)",
            valueName: "directory"),
        completion: .directory)
    var report: String?

    @Flag(help: "Replace the directory if it exists and this command wrote it.")
    var overwrite = false

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    @Flag(help: "Print comma-separated values, a line for each layer, instead of a table.")
    var csv = false

    func validate() throws {
        if let report { try refuseEmpty(report, "--report", expected: "a directory to write") }
        if overwrite && report == nil {
            throw ValidationError("--overwrite needs --report with the directory to write")
        }
        if json && csv { throw ValidationError("--json and --csv exclude each other") }
    }
}
