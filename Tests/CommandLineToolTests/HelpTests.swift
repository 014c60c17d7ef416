import Foundation
import Testing

/// Help texts are read by people; a change shows here. Goldens/write_help.sh writes them anew.
@Suite struct HelpTests {
    @Test(arguments: [
        "adadim", "quantize", "convert", "verify", "inspect", "layer", "evaluate", "compare", "variants", "regress",
        "regress record", "regress check", "machine",
    ])
    func helpIsTheGolden(_ command: String) throws {
        let golden = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Goldens/\(command.replacing(" ", with: "-"))-help.txt")
        let expected = try String(contentsOf: golden, encoding: .utf8)
        let tool = Tool(directory: FileManager.default.temporaryDirectory)
        let outcome = try tool.run(
            (command == "adadim" ? [] : command.split(separator: " ").map(String.init)) + ["--help"])
        #expect(outcome.status == 0)
        #expect(outcome.output == expected)
        #expect(outcome.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
        // The manual page's generator drops every other character.
        #expect(outcome.output.utf8.allSatisfy { $0 < 128 })
        #expect(outcome.errors.isEmpty)
    }
}
