import AdaDimRegression
import ArgumentParser
import Glibc

/// Which layers a regression run goes through.
struct RegressSuiteArguments: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Leave out bundled layers with more rows or columns than this: the large ones take a slow BLAS minutes each. (default: none is left out)",
            valueName: "n"))
    var maxSize: Int?

    @Option(
        help: ArgumentHelp(
            "Only the cases whose name matches: globs, comma-separated. May be given more than once. (default: all)",
            valueName: "globs"),
        transform: GlobList.init)
    var only: [GlobList] = []

    func validate() throws {
        if let maxSize, maxSize < 1 { throw ValidationError("--max-size is \(maxSize), expected at least 1") }
    }

    /// - Throws: ``RegressionError/nothingToRun(reason:)``, and what is wrong with the user's layers.
    func run(_ layers: RegressLayerArguments) throws -> RegressionRun {
        var run = RegressionRun(layers: try layers.read())
        run.layerOptions = layers.options
        run.cases.removeAll { $0.size > maxSize ?? .max }
        let globs = only.flatMap(\.globs)
        if !globs.isEmpty {
            run.cases.removeAll { !Self.matches($0.name, globs) }
            run.layers.removeAll { !Self.matches($0.name, globs) }
            run.refusals.removeAll { !Self.matches($0.name, globs) }
        }
        guard !run.cases.isEmpty || !run.layers.isEmpty || !run.refusals.isEmpty else {
            throw RegressionError.nothingToRun(reason: "no case is left by --max-size and --only")
        }
        try run.checkMemory()
        return run
    }

    private static func matches(_ name: String, _ globs: [String]) -> Bool {
        globs.contains { fnmatch($0, name, 0) == 0 }
    }
}
