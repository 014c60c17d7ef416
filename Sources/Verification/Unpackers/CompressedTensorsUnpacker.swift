/// compressed-tensors, format pack-quantized, strategies block, group and channel: its layout as
/// Sources/Formats/CompressedTensors describes it, unpacked bit by bit.
struct CompressedTensorsUnpacker: Unpacker {
    let format = "compressed-tensors"
    private let reader: SafetensorsReader
    private let layers: [String: Layer]

    private struct Layer {
        /// Of its tensors' names, without a closing dot.
        let module: String
        let bits: Int
        let rows: Int
        let columns: Int
        /// The weights that share a scale.
        let block: (rows: Int, columns: Int)
        let zeroPoints: ZeroPoints
        let scaleType: NumberType
    }

    private enum ZeroPoints {
        /// The middle code.
        case none
        /// One to a byte, less half of all codes.
        case signed
        /// Packed along out.
        case packed
    }

    static func open(_ files: ModelFiles) throws(VerificationError) -> (any Unpacker)? {
        guard let config = try files.object("config.json")?["quantization_config"] as? [String: Any],
            config["quant_method"] as? String == "compressed-tensors"
        else { return nil }
        let reader = try SafetensorsReader(files)
        guard let groups = config["config_groups"] as? [String: [String: Any]] else {
            throw VerificationError(files.directory + "/config.json", "quantization_config has no config_groups")
        }
        var layers: [String: Layer] = [:]
        for group in groups.values {
            guard let weights = group["weights"] as? [String: Any], let targets = group["targets"] as? [String] else {
                throw VerificationError(files.directory + "/config.json", "a config group without weights or targets")
            }
            // A module may be listed by a second name, by which no files have it.
            for target in targets where reader.tensors[target + ".weight_packed"] != nil {
                layers[target + ".weight"] = try layer(target, weights, reader, files)
            }
        }
        return CompressedTensorsUnpacker(reader: reader, layers: layers)
    }

    private static func layer(
        _ module: String, _ weights: [String: Any], _ reader: SafetensorsReader, _ files: ModelFiles
    ) throws(VerificationError) -> Layer {
        func wrong(_ reason: String) -> VerificationError {
            VerificationError(files.directory + "/config.json", "layer \(module): \(reason)")
        }
        guard let bits = weights["num_bits"] as? Int, (1...8).contains(bits) else { throw wrong("num_bits") }
        let stored = try reader.required(module + ".weight_shape", ["I64"], [2])
        let sizes = stored.withBytes { bytes in [0, 1].map { bytes.word($0, width: 8) } }
        guard sizes.allSatisfy({ (1...UInt64(Int32.max)).contains($0) }) else { throw wrong("weight_shape \(sizes)") }
        let (rows, columns) = (Int(sizes[0]), Int(sizes[1]))
        let isSymmetric = weights["symmetric"] as? Bool == true
        let (block, zeroPoints): ((rows: Int, columns: Int), ZeroPoints)
        switch (weights["strategy"] as? String, weights["block_structure"] as? [Int], weights["group_size"] as? Int) {
        case ("block", let found?, _) where found.count == 2 && found.allSatisfy { $0 > 0 }:
            (block, zeroPoints) = ((found[0], found[1]), isSymmetric ? .none : .signed)
        case ("group", _, let size?) where size > 0: (block, zeroPoints) = ((1, size), isSymmetric ? .none : .packed)
        case ("channel", _, _): (block, zeroPoints) = ((1, columns), isSymmetric ? .none : .packed)
        default: throw wrong("strategy \(weights["strategy"] ?? "missing")")
        }
        guard rows.isMultiple(of: block.rows), columns.isMultiple(of: block.columns) else {
            throw wrong("[\(rows), \(columns)] in blocks of [\(block.rows), \(block.columns)]")
        }
        let counts = [rows / block.rows, columns / block.columns]
        let scales = try reader.required(module + ".weight_scale", ["BF16", "F16", "F32"], counts)
        _ = try reader.required(module + ".weight_packed", ["I32"], [rows, (columns * bits + 31) / 32])
        let name = module + ".weight_zero_point"
        switch zeroPoints {
        case .none: break
        case .signed: _ = try reader.required(name, ["I8"], counts)
        case .packed: _ = try reader.required(name, ["I32"], [(rows * bits + 31) / 32, counts[1]])
        }
        guard let type = NumberType(rawValue: scales.type) else { throw wrong("scales in \(scales.type)") }
        return Layer(
            module: module, bits: bits, rows: rows, columns: columns, block: block, zeroPoints: zeroPoints,
            scaleType: type)
    }

    var tensors: [String] {
        let parts = ["weight_packed", "weight_scale", "weight_zero_point", "weight_shape"]
        let packed = Set(layers.values.flatMap { layer in parts.map { layer.module + "." + $0 } })
        return (reader.tensors.keys.filter { !packed.contains($0) } + layers.keys).sorted()
    }

    func description(of name: String) throws(VerificationError) -> TensorDescription {
        guard let layer = layers[name] else { return try reader.plainDescription(of: name) }
        return TensorDescription(shape: [layer.rows, layer.columns], type: layer.scaleType, isPacked: true)
    }

    func values(of name: String, rows: Range<Int>) throws(VerificationError) -> [Double] {
        guard let layer = layers[name] else { return try reader.plainValues(of: name, rows: rows) }
        let codes = try reader.required(layer.module + ".weight_packed", ["I32"])
        let scales = try reader.required(layer.module + ".weight_scale", [layer.scaleType.rawValue])
        return codes.withBytes { codes in
            scales.withBytes { scales in
                guard let zeroPoints = reader.tensors[layer.module + ".weight_zero_point"] else {
                    return Self.values(layer, rows, codes, scales, nil)
                }
                return zeroPoints.withBytes { Self.values(layer, rows, codes, scales, $0) }
            }
        }
    }

    private static func values(
        _ layer: Layer, _ rows: Range<Int>, _ codes: TensorBytes, _ scales: TensorBytes, _ zeroPoints: TensorBytes?
    ) -> [Double] {
        let wordsPerRow = (layer.columns * layer.bits + 31) / 32
        let groupsPerRow = layer.columns / layer.block.columns
        var values: [Double] = []
        values.reserveCapacity(rows.count * layer.columns)
        for i in rows {
            var (group, scale, zero) = (-1, 0.0, 0)
            for j in 0..<layer.columns {
                let found = i / layer.block.rows * groupsPerRow + j / layer.block.columns
                if found != group {
                    group = found
                    scale = scales.number(group, layer.scaleType)
                    zero = Self.zero(zeroPoints, layer, group: group, row: i, groupsPerRow: groupsPerRow)
                }
                let code = codes.code(from: i * wordsPerRow, bit: j * layer.bits, bits: layer.bits)
                values.append(Double(code - zero) * scale)
            }
        }
        return values
    }

    private static func zero(
        _ tensor: TensorBytes?, _ layer: Layer, group: Int, row: Int, groupsPerRow: Int
    ) -> Int {
        let half = 1 << (layer.bits - 1)
        guard let tensor else { return half }
        switch layer.zeroPoints {
        case .none: return half
        case .signed: return Int(Int8(truncatingIfNeeded: tensor.word(group, width: 1))) + half
        case .packed:
            return tensor.code(from: group % groupsPerRow, step: groupsPerRow, bit: row * layer.bits, bits: layer.bits)
        }
    }
}
