import AdaDimFiles
import AdaDimRegression
import ArgumentParser
import Foundation
import Glibc

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
