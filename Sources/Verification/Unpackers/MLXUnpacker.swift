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
        let isTransposed: Bool
        let scaleType: NumberType
        let biasType: NumberType
    }

    static func open(_ files: ModelFiles) throws(VerificationError) -> (any Unpacker)? {
        guard let config = try files.object("config.json"), let named = config["quantization"] as? [String: Any] else {
            return nil
        }
        let reader = try SafetensorsReader(files)
        var layers: [String: Layer] = [:]
        for (table, isTransposed) in [(named, false), (config["adadim"] as? [String: Any] ?? [:], true)] {
            for (module, value) in table {
                // Of the others, bits and group size are those of layers that are not named.
                guard let scheme = value as? [String: Any] else { continue }
                guard let bits = scheme["bits"] as? Int, let groupSize = scheme["group_size"] as? Int,
                    (1...8).contains(bits), groupSize > 0
                else {
                    throw VerificationError(files.directory + "/config.json", "layer \(module): bits or group_size")
                }
                let stored = storedName(module, reader)
                layers[stored + ".weight"] = try layer(stored, bits, groupSize, isTransposed: isTransposed, reader)
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
        _ module: String, _ bits: Int, _ groupSize: Int, isTransposed: Bool, _ reader: SafetensorsReader
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
            module: module, bits: bits, groupSize: groupSize, rows: rows, columns: columns, isTransposed: isTransposed,
            scaleType: types[0], biasType: types[1])
    }

    var tensors: [String] {
        let packed = Set(
            layers.values.flatMap { layer in ["weight", "scales", "biases"].map { "\(layer.module).\($0)" } })
        return (reader.tensors.keys.filter { !packed.contains($0) } + layers.keys).sorted()
    }

    func description(of name: String) throws(VerificationError) -> TensorDescription {
        guard let layer = layers[name] else { return try reader.plainDescription(of: name) }
        let shape = layer.isTransposed ? [layer.columns, layer.rows] : [layer.rows, layer.columns]
        return TensorDescription(shape: shape, type: .float32, isPacked: true)
    }

    func values(of name: String, rows: Range<Int>) throws(VerificationError) -> [Double] {
        guard let layer = layers[name] else { return try reader.plainValues(of: name, rows: rows) }
        let codes = try reader.required(layer.module + ".weight", ["U32"])
        let scales = try reader.required(layer.module + ".scales", [layer.scaleType.rawValue])
        let biases = try reader.required(layer.module + ".biases", [layer.biasType.rawValue])
        return codes.withBytes { codes in
            scales.withBytes { scales in
                biases.withBytes { Self.values(layer, rows, codes: codes, scales: scales, biases: $0) }
            }
        }
    }

    private static func values(
        _ layer: Layer, _ rows: Range<Int>, codes: TensorBytes, scales: TensorBytes, biases: TensorBytes
    ) -> [Double] {
        // Of a layer that is stored transposed, all rows have some of the numbers: those of some columns.
        let storedRows = layer.isTransposed ? 0..<layer.rows : rows
        let storedColumns = layer.isTransposed ? rows : 0..<layer.columns
        var values = [Double](repeating: 0, count: storedRows.count * storedColumns.count)
        for (row, i) in storedRows.enumerated() {
            var (group, scale, bias) = (-1, 0.0, 0.0)
            for (column, j) in storedColumns.enumerated() {
                let found = i * (layer.columns / layer.groupSize) + j / layer.groupSize
                if found != group {
                    group = found
                    (scale, bias) = (scales.number(group, layer.scaleType), biases.number(group, layer.biasType))
                }
                let code = codes.code(
                    from: i * (layer.columns * layer.bits / 32), bit: j * layer.bits, bits: layer.bits)
                let place = layer.isTransposed ? column * layer.rows + row : row * layer.columns + column
                values[place] = scale * Double(code) + bias
            }
        }
        return values
    }
}
