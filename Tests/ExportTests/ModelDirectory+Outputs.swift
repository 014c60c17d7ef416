import AdaDimExport
import AdaDimTestSupport
import Foundation
import Testing

/// Outputs are written beside the model.
extension ModelDirectory {
    /// The names beside the model's directory, its own included.
    var neighbours: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: parent.path).sorted() }
    }

    /// Why a path is refused as an output; paths under the test's directory written as "/…".
    func refusal(
        of output: String, overwrite: Bool = false, sourceLocation: SourceLocation = #_sourceLocation
    ) -> String {
        let error = #expect(throws: ExportError.self, sourceLocation: sourceLocation) {
            try OutputDirectory(URL(fileURLWithPath: output), model: url, overwrite: overwrite)
        }
        return (error.map { "\($0)" } ?? "").replacingOccurrences(of: parent.path, with: "")
    }

    /// A directory such as an earlier run leaves, with a file to know it by.
    func earlierOutput() throws -> URL {
        let output = parent.appendingPathComponent("out")
        try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
        let name = OutputDirectory.reportName
        try Data("{\"producer\": \"adadim 0.1\", \"files\": [\"gone\", \"marker\", \"\(name)\"]}".utf8)
            .write(to: output.appendingPathComponent(name))
        try Data("old".utf8).write(to: output.appendingPathComponent("marker"))
        return output
    }
}
