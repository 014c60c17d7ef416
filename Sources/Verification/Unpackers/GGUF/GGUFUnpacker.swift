import Foundation

/// One GGUF file, model.gguf, under the names of Hugging Face's files and with rows in their order: where `general.architecture` is
/// llama, the file has rows 2i and 2i + 1 of each head of queries and keys for i and i + d/2.
struct GGUFUnpacker: Unpacker {
    let format = "gguf"
    private let file: GGUFReader
    /// By the names of Hugging Face's files.
    private let stored: [String: (tensor: GGUFReader.Tensor, headRows: Int?)]

    static func open(_ files: ModelFiles) throws(VerificationError) -> (any Unpacker)? {
        let config = try files.object("config.json")?["quantization_config"] as? [String: Any]
        guard config?["quant_method"] as? String == "gguf" else { return nil }
        let path = files.directory + "/model.gguf"
        guard let bytes = try files.bytes("model.gguf") else { throw VerificationError(path, "there is none") }
        let file = try GGUFReader(bytes, path: path)
        guard let architecture = file.texts["general.architecture"] else {
            throw VerificationError(path, "no general.architecture")
        }
        let headRows = file.numbers["\(architecture).attention.key_length"]
        var stored: [String: (tensor: GGUFReader.Tensor, headRows: Int?)] = [:]
        for tensor in file.tensors.values {
            guard let name = name(of: tensor.name) else { continue }
            let isPermuted =
                architecture == "llama" && [".q_proj.", ".k_proj."].contains { name.contains($0) }
            if isPermuted {
                guard let headRows, headRows > 0, headRows.isMultiple(of: 2), tensor.outermost.isMultiple(of: headRows)
                else { throw VerificationError(path, "tensor \(tensor.name): its rows are no whole heads") }
            }
            stored[name] = (tensor, isPermuted ? headRows : nil)
        }
        return GGUFUnpacker(file: file, stored: stored)
    }

    private static let modules = [
        "attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
        "attn_v": "self_attn.v_proj", "attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm",
        "attn_output": "self_attn.o_proj", "ffn_norm": "post_attention_layernorm", "ffn_gate": "mlp.gate_proj",
        "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
    ]

    /// nil for a tensor that Hugging Face's files do not have, such as llama.cpp's factors of rotary frequencies.
    private static func name(of tensor: String) -> String? {
        switch tensor {
        case "token_embd.weight": return "model.embed_tokens.weight"
        case "output_norm.weight": return "model.norm.weight"
        case "output.weight": return "lm_head.weight"
        default: break
        }
        let parts = tensor.split(separator: ".").map(String.init)
        guard parts.count == 4, parts[0] == "blk", let module = modules[parts[2]] else { return nil }
        return "model.layers.\(parts[1]).\(module).\(parts[3])"
    }

    var tensors: [String] { stored.keys.sorted() }

    func description(of name: String) throws(VerificationError) -> TensorDescription {
        guard let tensor = stored[name]?.tensor else { throw VerificationError(file.path, "no tensor \(name)") }
        return TensorDescription(
            shape: tensor.shape, type: tensor.layout.plainType ?? .float32, isPacked: tensor.layout.plainType == nil)
    }

    func values(of name: String, rows: Range<Int>) throws(VerificationError) -> [Double] {
        guard let (tensor, headRows) = stored[name] else { throw VerificationError(file.path, "no tensor \(name)") }
        guard let headRows else { return file.values(of: tensor, rows: rows) }
        // A bias is one row, whose elements are in the order of rows.
        guard tensor.shape.count > 1 else {
            let values = file.values(of: tensor, rows: [0])
            return values.indices.map { values[Self.place(of: $0, headRows)] }
        }
        return file.values(of: tensor, rows: rows.map { Self.place(of: $0, headRows) })
    }

    /// Where the file has a row.
    private static func place(of row: Int, _ headRows: Int) -> Int {
        let (head, inHead) = (row / headRows, row % headRows)
        let isSecondHalf = inHead >= headRows / 2
        return head * headRows + (isSecondHalf ? (inHead - headRows / 2) * 2 + 1 : inHead * 2)
    }
}
