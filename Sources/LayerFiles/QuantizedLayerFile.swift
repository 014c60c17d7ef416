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
package struct QuantizedLayerFile {
    /// The `format` of the metadata, by which the tool recognizes its own outputs.
    package static let format = "adadim-layer"
    /// Raised with every change that a reader of the version before would misread.
    package static let formatVersion = "1"

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
        self.scaleType = StoredFloat(scaleType)
        self.isPacked = isPacked
        self.dequantizedType = dequantizedType
        let own = [
            "format": Self.format, "format_version": Self.formatVersion, "name": name,
            "out": "\(quantized.rows)", "in": "\(quantized.columns)", "bits": "\(quantized.bits)",
            "group_size": "\(quantized.groupSize)", "dimension": quantized.dimension.rawValue,
            "scale_type": scaleType.rawValue, "method": layer.method.rawValue,
            "loss": "\(layer.loss)", "relative_loss": "\(layer.relativeLoss)",
            "output_energy": "\(layer.outputEnergy)",
        ]
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
        ] + (dequantizedType.map { [("dequantized", $0.elementType, weightShape)] } ?? [])
    }

    private func append(_ tensor: String, to writer: SafetensorsWriter) throws {
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
