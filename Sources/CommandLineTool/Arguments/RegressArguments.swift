import AdaDimFiles
import AdaDimRegression
import ArgumentParser
import Foundation
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

/// What a regression run leaves for programs.
struct RegressReportArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp("Write a JUnit report, for CI systems.", valueName: "file"), completion: .file())
    var junit: String?

    @Flag(help: "Print JSON: the environment, every case, the worst of each kind.")
    var json = false

    func validate() throws {
        if let junit { try refuseEmpty(junit, "--junit", expected: "a file") }
    }

    /// Checks before the work that the file can be written.
    func checkWritable() throws {
        guard let junit else { return }
        let url = URL(argument: junit)
        let parent = url.absoluteURL.standardizedFileURL.deletingLastPathComponent().path
        if FileStatus.kind(of: junit) == .directory {
            throw RegressionError.system(
                path: junit, operation: "writing the JUnit report", reason: "it is a directory")
        }
        guard access(parent.systemBytes, W_OK | X_OK) == 0 else {
            throw RegressionError.system(
                path: junit, operation: "writing the JUnit report", reason: String(cString: strerror(errno)))
        }
    }

    /// - Parameter baseline: what was written before, complete.
    func write(_ report: RegressionReport, afterWriting baseline: String? = nil) throws {
        if let junit {
            do {
                try replaceFile(junit, with: Array(JUnitReport(report).text.utf8))
            } catch {
                throw RegressionError.system(path: junit, operation: "writing the JUnit report", reason: error.reason)
            }
        }
        let outputs = [baseline, junit].compactMap { $0 }
        let written = outputs.isEmpty ? nil : outputs.joined(separator: " and ")
        if json {
            try StandardStreams.print(json: report, afterWriting: written)
        } else {
            try StandardStreams.print(RegressText(report: report).text, afterWriting: written)
        }
    }
}
