import AdaDimCheckpoint
import Foundation

/// A model directory made for one test, which removes it at its end.
package struct ModelDirectory {
    private let temporary: TemporaryDirectory
    /// Holds the model's directory and whatever else the test makes.
    package var parent: URL { temporary.url }
    package var url: URL { parent.appendingPathComponent("model") }

    package static let config = """
        {"model_type": "llama", "vocab_size": 10, "hidden_size": 8, "intermediate_size": 12, "num_hidden_layers": 1,
         "num_attention_heads": 2, "torch_dtype": "bfloat16"}
        """

    package init(config: String = config) throws {
        temporary = try TemporaryDirectory()
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        try write(config, "config.json")
    }

    package func remove() { temporary.remove() }

    package func write(_ data: Data, _ name: String) throws { try data.write(to: url.appendingPathComponent(name)) }
    package func write(_ text: String, _ name: String) throws { try write(Data(text.utf8), name) }

    package func write(_ tensors: [TestTensor], _ name: String = "model.safetensors") throws {
        try writeSafetensors(tensors, to: url.appendingPathComponent(name).path)
    }

    package func writeIndex(_ map: [String: String]) throws {
        let index: [String: Any] = ["metadata": ["total_size": 1], "weight_map": map]
        try write(JSONSerialization.data(withJSONObject: index), "model.safetensors.index.json")
    }

    /// The text of the error that opening the directory, or what is done with it, throws.
    package func error(
        allowingQuantized: Bool = false, _ body: (Checkpoint) throws -> Void = { _ in }
    ) -> String {
        errorText { try body(try Checkpoint(directory: url, allowingQuantized: allowingQuantized)) }
    }
}
