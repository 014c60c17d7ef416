import AdaDimHTMLReport
import AdaDimHTMLReportSamples
import Foundation

/// Writes the sample pages into a directory: write-report-samples DIRECTORY.
@main
struct WriteSamples {
    static func main() throws {
        guard CommandLine.arguments.count == 2 else {
            throw UsageError(found: CommandLine.arguments.count - 1)
        }
        let directory = URL(fileURLWithPath: CommandLine.arguments[1])
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        for (name, page) in SamplePages.all {
            let file = directory.appending(path: "\(name).html")
            let seconds = try ContinuousClock().measure { try page.write(to: file) }
            let bytes = try FileManager.default.attributesOfItem(atPath: file.path)[.size] as? Int ?? 0
            print("\(name).html: \(page.rows.count) layers, \(bytes) bytes, made in \(seconds)")
        }
    }

    struct UsageError: Error, CustomStringConvertible {
        let found: Int
        var description: String { "\(found) arguments, expected one: the directory to write to" }
    }
}
