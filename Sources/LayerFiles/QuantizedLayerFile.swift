import AdaDimCheckpoint
import AdaDimExport
import AdaDimFormats
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import AdaDimSafetensors

/// A quantized layer as a file, as Documentation/LayerFile.md describes it. All tensors are row-major.
///
/// | tensor | type, shape | content |
/// |---|---|---|
/// | codes | U8 [out, in] | codes, a byte each |
/// | packed_codes | I32 [out, ⌈in·b/32⌉] | in place of codes: a dense bit stream a row |
/// | scales | BF16, F16 or F32; per-OC [out, ⌈in/g⌉], per-IC [⌈out/g⌉, in] | scales |
/// | zero_points | U8, the scales' shape | codes of the value zero |
/// | dequantized | the weight's type [out, in] | (code − zero)·scale, if requested |
///
/// On two-level grids scales are F32, d·sc, and there are also
///
/// | tensor | type, shape | content |
/// |---|---|---|
/// | offsets | F32, the scales' shape | dmin·m, which is subtracted; of types that have offsets, as the next two |
/// | super_offsets | F16 [out, in/256] | dmin |
/// | whole_offsets | U8, the scales' shape | m |
/// | super_scales | F16 [out, in/256] | d |
/// | whole_scales | I8, the scales' shape | sc |
package struct QuantizedLayerFile {
    /// The `format` of the metadata, by which the tool recognizes its own outputs.
    package static let format = "adadim-layer"
    /// Raised with every change that a reader of the version before would misread.
    package static let formatVersion = "1"
    /// That of a two-level layer, whose weights a reader of version 1 would take without their offsets.
    package static let twoLevelFormatVersion = "2"

    private let name: String
    private let quantized: QuantizedMatrix
    private let scaleType: StoredFloat
    private let isPacked: Bool
    private let dequantizedType: StoredFloat?
    private let metadata: [String: String]

    /// - Parameters:
    ///   - name: what the layer is called.
    ///   - scaleType: what the scales were rounded to.
    ///   - isPacked: whether codes take their bits, or a byte each.
    ///   - dequantizedType: the type of the dequantized weight; nil for none.
    ///   - facts: what else the metadata are to say.
    package init(
        _ layer: LayerQuantization, name: String, scaleType: ScaleType, isPacked: Bool, dequantizedType: StoredFloat?,
        facts: [String: String]
    ) {
        self.name = name
        quantized = layer.quantized
        // d·sc has more bits than a 16-bit type.
        let scaleType = quantized.twoLevel == nil ? scaleType : .float32
        self.scaleType = StoredFloat(scaleType)
        self.isPacked = isPacked
        self.dequantizedType = dequantizedType
        let version = quantized.twoLevel == nil ? Self.formatVersion : Self.twoLevelFormatVersion
        var own = [
            "format": Self.format, "format_version": version, "name": name,
            "out": "\(quantized.rows)", "in": "\(quantized.columns)", "bits": "\(quantized.bits)",
            "group_size": "\(quantized.groupSize)", "dimension": quantized.dimension.rawValue,
            "scale_type": scaleType.rawValue, "method": layer.method.rawValue,
            "loss": "\(layer.loss)", "relative_loss": "\(layer.relativeLoss)",
            "output_energy": "\(layer.outputEnergy)",
        ]
        if let type = quantized.twoLevel?.type { own["grid_type"] = type.rawValue }
        metadata = own.merging(facts) { own, _ in own }
    }

    /// Writes the file, which must not exist.
    /// - Parameter between: called after every tensor; what it throws leaves a file that no reader takes for one.
    package func write(to path: String, between: () throws -> Void = {}) throws {
        let writer = try SafetensorsWriter(
            path: path, headerCapacity: SafetensorsWriter.headerCapacity(for: tensors, metadata: metadata),
            metadata: metadata)
        for tensor in tensors {
            try writer.begin(tensor.name, tensor.elementType, shape: tensor.shape)
            try append(tensor.name, to: writer)
            try between()
        }
        try writer.finish()
    }

    private var tensors: [(name: String, elementType: TensorElementType, shape: [Int])] {
        let weightShape = [quantized.rows, quantized.columns]
        let words = [quantized.rows, PackedRows.wordsPerRow(columns: quantized.columns, bits: quantized.bits)]
        let scaleShape = [quantized.scales.rows, quantized.scales.columns]
        return [
            isPacked ? ("packed_codes", .signed32, words) : ("codes", .unsigned8, weightShape),
            ("scales", scaleType.elementType, scaleShape), ("zero_points", .unsigned8, scaleShape),
        ] + twoLevelTensors + (dequantizedType.map { [("dequantized", $0.elementType, weightShape)] } ?? [])
    }

    private var twoLevelTensors: [(name: String, elementType: TensorElementType, shape: [Int])] {
        guard let parts = quantized.twoLevel else { return [] }
        let scaleShape = [parts.scales.rows, parts.scales.columns]
        let superShape = [parts.superScales.rows, parts.superScales.columns]
        return [("super_scales", .float16, superShape), ("whole_scales", .signed8, scaleShape)]
            + (parts.type.hasOffsets
                ? [
                    ("offsets", .float32, scaleShape), ("super_offsets", .float16, superShape),
                    ("whole_offsets", .unsigned8, scaleShape),
                ] : [])
    }

    /// Appends a tensor of a two-level grid.
    /// - Returns: whether it is one.
    private func append(_ tensor: String, of parts: TwoLevelScales, to writer: SafetensorsWriter) throws -> Bool {
        switch (tensor, parts.superOffsets, parts.offsets) {
        case ("super_scales", _, _): _ = try DenseLayer(weight: parts.superScales, type: .float16).append(to: writer)
        case ("whole_scales", _, _): try writer.append(parts.scales.rowMajorElements)
        case ("offsets", _?, _?):
            guard let offsets = parts.effectiveOffsets else { return false }
            _ = try DenseLayer(weight: offsets, type: .float32).append(to: writer)
        case ("super_offsets", let dmin?, _): _ = try DenseLayer(weight: dmin, type: .float16).append(to: writer)
        case ("whole_offsets", _, let m?): try appendRows(of: m, to: writer)
        default: return false
        }
        return true
    }

    private func append(_ tensor: String, to writer: SafetensorsWriter) throws {
        if let parts = quantized.twoLevel, try append(tensor, of: parts, to: writer) { return }
        switch tensor {
        case "codes": try appendRows(of: quantized.codes, to: writer)
        case "packed_codes": try writer.append(PackedRows(packing: quantized.codes, bits: quantized.bits).words)
        case "scales": _ = try DenseLayer(weight: quantized.scales, type: scaleType).append(to: writer)
        case "zero_points": try appendRows(of: quantized.zeroPoints, to: writer)
        default:
            guard let type = dequantizedType else { preconditionFailure("no tensor \(tensor)") }
            guard try DenseLayer(weight: quantized.dequantized(), type: type).append(to: writer) else {
                throw ExportError.overflow(module: name, elementType: type.elementType.rawValue)
            }
        }
    }

    /// Appends bytes row after row, a few million at a time.
    private func appendRows(of matrix: Matrix<UInt8>, to writer: SafetensorsWriter) throws {
        let panelRows = max(1, (4 << 20) / max(matrix.columns, 1))
        for start in stride(from: 0, to: matrix.rows, by: panelRows) {
            let rows = start..<min(start + panelRows, matrix.rows)
            var panel = Matrix<UInt8>(uninitialized: matrix.columns, rows.count)
            matrix.withView { source in
                panel.withMutableView { source[rows: rows, columns: 0..<matrix.columns].transpose(into: $0) { $0 } }
            }
            try writer.append(panel.columnMajorElements)
        }
    }
}
