import AdaDimGGUF
import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices
import Foundation

extension GGUFFormat {
    /// Nothing: a GGUF file's header needs no room for what layers may become.
    package func planned(for module: String, shape: [Int], type: StoredFloat) -> [PlannedTensor] { [] }

    package func write(_ layer: FinishedLayer, to container: any TensorContainer) throws {
        let quantized = layer.quantized
        let scheme = LayerScheme(of: quantized, scaleType: .float16)
        let rows = StoredRows(quantized)
        let tensor = PlannedTensor(
            layer.weightName, TensorType(Self.type(of: scheme)), [quantized.rows, quantized.columns])
        try container.write(tensor, insteadOf: layer.weightName) { bytes in
            // Some 4 MB of codes at a time.
            let step = max(1, (4 << 20) / max(quantized.columns, 1))
            for start in stride(from: 0, to: quantized.rows, by: step) {
                let panel = start..<min(start + step, quantized.rows)
                do {
                    try bytes.append(try rows.packed(panel, as: scheme))
                } catch let error as BlockError {
                    guard case .notFloat16(_, _, let value) = error else { throw error }
                    throw FormatError.scaleNotStorable(module: layer.module, scale: value, elementType: "F16")
                }
            }
        }
    }

    package func loss(of layer: FinishedLayer) -> String? {
        let quantized = layer.quantized
        guard quantized.twoLevel == nil else { return nil }
        let hasOffsets = FlatBlocks(LayerScheme(of: quantized, scaleType: .float16)).hasOffsets
        let groups = zip(quantized.scales.columnMajorElements, quantized.zeroPoints.columnMajorElements)
        let isHeld = groups.allSatisfy { scale, zeroPoint in
            let group = Q41Group(scale: scale, zeroPoint: zeroPoint)
            return (hasOffsets ? [group.d, group.m] : [scale]).allSatisfy { StoredFloat.float16.rounded($0) == $0 }
        }
        return isHeld
            ? nil : "its scales\(hasOffsets ? " or their products with zero points" : "") are no numbers of F16"
    }

    package func configuration(of layers: [ConfiguredLayer]) throws -> [(key: String, value: Data)] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return [("quantization_config", try encoder.encode(GGUFConfiguration(layers)))]
    }
}

/// The numbers of a quantized weight's rows as GGUF's blocks have them.
private struct StoredRows {
    let quantized: QuantizedMatrix
    /// [out, in/g], row-major.
    let scales: [Float]
    let zeroPoints: [UInt8]

    init(_ quantized: QuantizedMatrix) {
        self.quantized = quantized
        scales = quantized.scales.rowMajorElements
        zeroPoints = quantized.zeroPoints.rowMajorElements
    }

    /// The bytes of some rows.
    func packed(_ rows: Range<Int>, as scheme: LayerScheme) throws -> [UInt8] {
        if let twoLevel = quantized.twoLevel {
            return try SuperBlocks.packed(codes: codes(of: rows), rows: rows, twoLevel)
        }
        let blocks = FlatBlocks(scheme)
        let content = content(of: rows, as: blocks)
        return try blocks.packed(
            codes: content.codes, columns: quantized.columns, scales: content.scales, offsets: content.offsets,
            firstRow: rows.lowerBound)
    }

    private func codes(of rows: Range<Int>) -> [UInt8] {
        let columns = quantized.columns
        var codes = [UInt8](repeating: 0, count: rows.count * columns)
        codes.withUnsafeMutableBytes { target in
            quantized.codes.withView { $0[rows: rows, columns: 0..<columns].writeRowMajor(to: target) }
        }
        return codes
    }

    private func content(of rows: Range<Int>, as blocks: FlatBlocks) -> FlatBlocks.Content {
        let codes = codes(of: rows)
        let (groups, perGroup) = (quantized.scales.columns, quantized.groupSize / FlatBlocks.length)
        var content = FlatBlocks.Content(codes: codes, scales: [], offsets: [])
        for group in rows.lowerBound * groups..<rows.upperBound * groups {
            let stored = Q41Group(scale: scales[group], zeroPoint: zeroPoints[group])
            let d = blocks.hasOffsets ? stored.d : scales[group]
            content.scales += repeatElement(d, count: perGroup)
            guard blocks.hasOffsets else { continue }
            content.offsets += repeatElement(stored.m, count: perGroup)
            if stored.isFlipped {
                let start = (group - rows.lowerBound * groups) * quantized.groupSize
                for i in start..<start + quantized.groupSize { content.codes[i] = 15 - content.codes[i] }
            }
        }
        return content
    }
}

/// A group's scale and zero point as Q4_1's d and m. With zero points over 7 the codes are counted from the other end: a product
/// of a scale and 8 or more may have more significant bits than float16.
struct Q41Group: Equatable {
    let d: Float
    let m: Float
    let isFlipped: Bool

    init(scale: Float, zeroPoint: UInt8) {
        isFlipped = zeroPoint > 7
        d = isFlipped ? -scale : scale
        m = isFlipped ? Float(15 - Int(zeroPoint)) * scale : zeroPoint == 0 ? 0 : -Float(zeroPoint) * scale
    }

    /// The scale and the zero point that have this d and m; nil where none have.
    static func group(d: Float, m: Float) -> (scale: Float, zeroPoint: UInt8)? {
        let scale = abs(d)
        // All codes of such a group are zero, whatever its zero point was.
        if d == 0, m == 0 { return (0, 0) }
        guard scale > 0 else { return nil }
        let zero = d < 0 ? 15 - m / scale : -m / scale
        guard zero >= 0, zero <= 15, let zeroPoint = UInt8(exactly: zero) else { return nil }
        let stored = Q41Group(scale: scale, zeroPoint: zeroPoint)
        return stored.d == d && stored.m == m ? (scale, zeroPoint) : nil
    }
}
