import AdaDimCheckpoint
import AdaDimExport
import Foundation
import Testing

@Suite("Files carried along")
struct CarriedFilesTests {
    @Test(arguments: [
        ("tokenizer.json", true), ("tokenizer_config.json", true), ("generation_config.json", true),
        ("chat_template.jinja", true), ("merges.txt", true), ("tokenizer.model", true), ("LICENSE", true),
        ("LICENSE.md", true), ("README.md", true), ("config.json", false), ("model.safetensors", false),
        ("model.safetensors.index.json", false), ("pytorch_model.bin.index.json", false), ("pytorch_model.bin", false),
        ("consolidated.00.pth", false), ("model.gguf", false), ("quantization-report.json", false),
        (".gitattributes", false), (".hidden.json", false),
    ])
    func byName(_ name: String, _ isCarried: Bool) { #expect(CarriedFiles.isCarried(name) == isCarried) }

    private func added(_ config: String) throws -> String {
        let data = try CarriedFiles.adding("q", Data("{\"a\": 1}".utf8), to: Data(config.utf8), file: "config.json")
        _ = try JSONDecoder().decode([String: JSONValue].self, from: data)
        return String(decoding: data, as: UTF8.self)
    }

    /// Everything else stays as it was written: order, spaces, 1 and 1.0, numbers beyond any type.
    @Test func configKeepsItsText() throws {
        #expect(
            try added("{\n  \"z\": 1e-05, \"b\": 1.0,\n  \"n\": 123456789012345678901234567890\n}\n")
                == "{\n  \"z\": 1e-05, \"b\": 1.0,\n  \"n\": 123456789012345678901234567890,\n  \"q\": {\"a\": 1}\n}\n")
        #expect(try added("{}") == "{\n  \"q\": {\"a\": 1}\n}")
        #expect(try added("{\"s\": \"}\"}") == "{\"s\": \"}\",\n  \"q\": {\"a\": 1}\n}")
        let error = #expect(throws: ExportError.self) { try added("{\"q\": null}") }
        #expect(error.map { "\($0)" } == "config.json: holds q already, expected an unquantized model's")
        #expect(throws: ExportError.self) { try added("[1]") }
    }
}
