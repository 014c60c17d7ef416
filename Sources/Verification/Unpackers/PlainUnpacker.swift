/// A model of plain numbers in .safetensors files: `--format dequantized`, and models that nobody has quantized.
struct PlainUnpacker: Unpacker {
    let format = "plain numbers"
    private let reader: SafetensorsReader

    static func open(_ files: ModelFiles) throws(VerificationError) -> (any Unpacker)? {
        guard let config = try files.object("config.json"), config["quantization_config"] == nil,
            config["quantization"] == nil
        else { return nil }
        return PlainUnpacker(reader: try SafetensorsReader(files))
    }

    var tensors: [String] { reader.tensors.keys.sorted() }

    func description(of name: String) throws(VerificationError) -> TensorDescription {
        try reader.plainDescription(of: name)
    }

    func values(of name: String, rows: Range<Int>) throws(VerificationError) -> [Double] {
        try reader.plainValues(of: name, rows: rows)
    }
}

extension SafetensorsReader {
    func plainDescription(of name: String) throws(VerificationError) -> TensorDescription {
        guard let tensor = tensors[name] else { throw VerificationError("the weights", "no tensor \(name)") }
        return TensorDescription(shape: tensor.shape, type: NumberType(rawValue: tensor.type), isPacked: false)
    }

    func plainValues(of name: String, rows: Range<Int>) throws(VerificationError) -> [Double] {
        let tensor = try required(name, ["BF16", "F16", "F32"])
        guard let type = NumberType(rawValue: tensor.type) else { return [] }
        let columns = tensor.shape.last ?? 1
        return tensor.withBytes { bytes in
            (rows.lowerBound * columns..<rows.upperBound * columns).map { bytes.number($0, type) }
        }
    }
}
