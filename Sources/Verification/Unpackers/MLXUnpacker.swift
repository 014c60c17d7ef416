/// MLX's affine quantization, as Sources/Formats/MLX describes it, unpacked bit by bit: scale·code + bias. The object `quantization`
/// of config.json names per-OC layers; `adadim` names per-IC ones, which are stored transposed.
struct MLXUnpacker: Unpacker {
    let format = "mlx"
    private let reader: SafetensorsReader
    private let layers: [String: Layer]

    private struct Layer {
        let module: String
        let bits: Int
        let groupSize: Int
        /// As they are stored: groups run along a row.
        let rows: Int
        let columns: Int
        let isTurned: Bool
        let scaleType: NumberType
        let biasType: NumberType
    }

    static func open(_ files: ModelFiles) throws(VerificationError) -> (any Unpacker)? {
        guard let config = try files.object("config.json"), let named = config["quantization"] as? [String: Any] else {
            return nil
        }
        let reader = try SafetensorsReader(files)
        var layers: [String: Layer] = [:]
        for (table, isTurned) in [(named, false), (config["adadim"] as? [String: Any] ?? [:], true)] {
            for (module, value) in table {
                // Of the others, bits and group size are those of layers that are not named.
                guard let scheme = value as? [String: Any] else { continue }
                guard let bits = scheme["bits"] as? Int, let groupSize = scheme["group_size"] as? Int,
                    (1...8).contains(bits), groupSize > 0
                else {
                    throw VerificationError(files.directory + "/config.json", "layer \(module): bits or group_size")
                }
                let stored = storedName(module, reader)
                layers[stored + ".weight"] = try layer(stored, bits, groupSize, isTurned: isTurned, reader)
            }
        }
        return MLXUnpacker(reader: reader, layers: layers)
    }

    /// Files may leave out the name of the decoder.
    private static func storedName(_ module: String, _ reader: SafetensorsReader) -> String {
        guard reader.tensors[module + ".scales"] == nil, let dot = module.firstIndex(of: ".") else { return module }
        let shorter = String(module[module.index(after: dot)...])
        return reader.tensors[shorter + ".scales"] == nil ? module : shorter
    }

    private static func layer(
        _ module: String, _ bits: Int, _ groupSize: Int, isTurned: Bool, _ reader: SafetensorsReader
    ) throws(VerificationError) -> Layer {
        let codes = try reader.required(module + ".weight", ["U32"])
        guard codes.shape.count == 2, codes.shape[0] > 0, codes.shape[1] > 0,
            (codes.shape[1] * 32).isMultiple(of: bits), (codes.shape[1] * 32 / bits).isMultiple(of: groupSize)
        else {
            throw VerificationError(
                codes.file, "tensor \(module).weight: \(codes.shape) words for groups of \(groupSize), \(bits) bits")
        }
        let (rows, columns) = (codes.shape[0], codes.shape[1] * 32 / bits)
        let types = try ["scales", "biases"].map { part throws(VerificationError) in
            try reader.required("\(module).\(part)", ["BF16", "F16", "F32"], [rows, columns / groupSize]).type
        }.map { NumberType(rawValue: $0) ?? .float32 }
        return Layer(
            module: module, bits: bits, groupSize: groupSize, rows: rows, columns: columns, isTurned: isTurned,
            scaleType: types[0], biasType: types[1])
    }

    var tensors: [String] {
        let packed = Set(
            layers.values.flatMap { layer in ["weight", "scales", "biases"].map { "\(layer.module).\($0)" } })
        return (reader.tensors.keys.filter { !packed.contains($0) } + layers.keys).sorted()
    }

    func description(of name: String) throws(VerificationError) -> TensorDescription {
        guard let layer = layers[name] else { return try reader.plainDescription(of: name) }
        let shape = layer.isTurned ? [layer.columns, layer.rows] : [layer.rows, layer.columns]
        return TensorDescription(shape: shape, type: .float32, isPacked: true)
    }

    func values(of name: String, rows: Range<Int>) throws(VerificationError) -> [Double] {
        guard let layer = layers[name] else { return try reader.plainValues(of: name, rows: rows) }
        let wordsPerRow = layer.columns * layer.bits / 32
        // Of a layer that is stored transposed, all rows have some of the numbers.
        let stored = layer.isTurned ? 0..<layer.rows : rows
        let codes = try reader.required(layer.module + ".weight", ["U32"])
            .contents(of: stored.lowerBound * wordsPerRow..<stored.upperBound * wordsPerRow, width: 4)
        let scales = try reader.required(layer.module + ".scales", [layer.scaleType.rawValue])
            .contents(width: layer.scaleType.bytes)
        let biases = try reader.required(layer.module + ".biases", [layer.biasType.rawValue])
            .contents(width: layer.biasType.bytes)
        func value(_ row: Int, _ column: Int) -> Double {
            let group = row * (layer.columns / layer.groupSize) + column / layer.groupSize
            let code = codes.code(
                from: (row - stored.lowerBound) * wordsPerRow, bit: column * layer.bits, bits: layer.bits)
            return scales.number(group, layer.scaleType) * Double(code) + biases.number(group, layer.biasType)
        }
        return rows.flatMap { i in
            layer.isTurned ? (0..<layer.rows).map { value($0, i) } : (0..<layer.columns).map { value(i, $0) }
        }
    }
}
