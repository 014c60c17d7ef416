import AdaDimFiles

/// Weights in a format that cannot be read, for the message about what is missing.
struct ForeignWeights: CustomStringConvertible {
    /// What was found, and what would be accepted.
    let description: String

    /// - Returns: nil where there are none, or the directory cannot be listed.
    init?(in directory: String) {
        guard
            let names = try? names(inDirectory: directory).filter({ name in
                // A correct file is not the cause of the error.
                !Self.own.contains(name) || FileStatus.kind(of: directory + "/" + name) != .file
            })
        else { return nil }
        // The first kind that is there; no two of them lead to different advice for one directory.
        for kind in Self.kinds {
            let found = names.filter(kind.isMember)
            guard !found.isEmpty else { continue }
            description = "\(shortList(found)), \(kind.advice)"
            return
        }
        return nil
    }

    private static let own = [Checkpoint.singleFileName, Checkpoint.indexFileName]

    private struct Kind: Sendable {
        let isMember: @Sendable (String) -> Bool
        let advice: String
    }

    private static let kinds: [Kind] = [
        Kind(
            isMember: { own.contains($0) },
            advice: "which is no file, or a link that leads nowhere"),
        Kind(
            isMember: { $0.hasPrefix("adapter_model.") },
            advice: "an adapter: merge it into its model (peft: merge_and_unload, save_pretrained)"),
        Kind(
            isMember: { $0.hasPrefix("consolidated") },
            advice: "weights in the format of the model's makers: take the version for transformers"),
        Kind(
            isMember: { $0.hasSuffix(".safetensors") && $0.contains("-of-") },
            advice: "shards without their index \(Checkpoint.indexFileName): take it from where they come from"),
        Kind(
            isMember: { $0.hasSuffix(".safetensors") },
            advice: "of another name: if one file holds all tensors, rename it to \(Checkpoint.singleFileName)"),
        Kind(
            isMember: { $0.hasSuffix(".bin") || $0.hasSuffix(".bin.index.json") },
            advice: "which transformers converts: "
                + "AutoModelForCausalLM.from_pretrained(\"<model>\").save_pretrained(\"<new>\"), "
                + "and AutoTokenizer likewise"),
        Kind(
            isMember: { $0.hasSuffix(".gguf") },
            advice: "a GGUF file: take the model's .safetensors files, or have transformers convert it: "
                + "AutoModelForCausalLM.from_pretrained(\"<model>\", gguf_file=\"<file>\").save_pretrained(\"<new>\"), "
                + "and AutoTokenizer likewise"),
        Kind(
            isMember: { name in [".pth", ".pt", ".ckpt", ".h5", ".msgpack", ".onnx"].contains { name.hasSuffix($0) } },
            advice: "weights in another format: take the model's .safetensors files"),
    ]
}
