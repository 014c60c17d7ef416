import AdaDimCheckpoint
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimSafetensors
import Synchronization

/// A quantized layer on its way into a file as plain numbers: (code − zero)·scale, rounded to a type, row-major.
struct DenseLayer {
    let layer: QuantizedMatrix
    let type: StoredFloat

    /// Appends the weights a panel of rows at a time.
    /// - Returns: whether all rounded weights are finite.
    func append(to writer: SafetensorsWriter) throws(SafetensorsError) -> Bool {
        let rowBytes = layer.columns * type.byteWidth
        // Some 4 MB, and whole strips.
        let panelRows = max(1, (4 << 20) / max(rowBytes, 1) / Self.stripRows) * Self.stripRows
        var panel = [UInt8](repeating: 0, count: min(panelRows, layer.rows) * rowBytes)
        var finite = true
        for start in stride(from: 0, to: layer.rows, by: panelRows) {
            let rows = start..<min(start + panelRows, layer.rows)
            if rows.count < panelRows { panel.removeLast(panel.count - rows.count * rowBytes) }
            finite = fill(&panel, rows: rows) && finite
            try writer.append(panel)
        }
        return finite
    }

    private static let stripRows = 32

    private func fill(_ panel: inout [UInt8], rows: Range<Int>) -> Bool {
        let finite = Atomic<Bool>(true)
        let (columns, width) = (layer.columns, type.byteWidth)
        let (layer, type) = (layer, type)
        panel.withUnsafeMutableBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return }
            // Column i is row i of the panel: strips of columns of this view are disjoint.
            let target = MutableMatrixView(
                base: base, rows: columns * width, columns: rows.count, leadingDimension: columns * width)
            layer.codes.withView { codes in
                layer.scales.withView { scales in
                    layer.zeroPoints.withView { zeros in
                        concurrently(rows.count, by: Self.stripRows) { strip in
                            let isFinite = Self.fill(
                                target, strip, firstRow: rows.lowerBound, codes, scales, zeros, layer.layout, type)
                            if !isFinite { finite.store(false, ordering: .relaxed) }
                        }
                    }
                }
            }
        }
        return finite.load(ordering: .relaxed)
    }

    /// Turns a strip of rows in a tile that stays in cache.
    private static func fill(
        _ target: MutableMatrixView<UInt8>, _ strip: Range<Int>, firstRow: Int, _ codes: MatrixView<UInt8>,
        _ scales: MatrixView<Float>, _ zeros: MatrixView<UInt8>, _ layout: GroupLayout, _ type: StoredFloat
    ) -> Bool {
        let tileColumns = 64
        var finite = true
        withUnsafeTemporaryAllocation(of: Float.self, capacity: stripRows * tileColumns) { tile in
            guard let tile = tile.baseAddress else { return }
            for start in stride(from: 0, to: layout.columns, by: tileColumns) {
                let width = min(tileColumns, layout.columns - start)
                for c in 0..<width {
                    let j = start + c
                    let code = codes.column(j) + firstRow
                    switch layout.dimension {
                    case .perOutputChannel:
                        let scale = scales.column(j / layout.groupSize) + firstRow
                        let zero = zeros.column(j / layout.groupSize) + firstRow
                        for (r, i) in strip.enumerated() {
                            tile[r * tileColumns + c] = Float(Int32(code[i]) - Int32(zero[i])) * scale[i]
                        }
                    case .perInputChannel:
                        let (scale, zero) = (scales.column(j), zeros.column(j))
                        for (r, i) in strip.enumerated() {
                            let group = (firstRow + i) / layout.groupSize
                            tile[r * tileColumns + c] = Float(Int32(code[i]) - Int32(zero[group])) * scale[group]
                        }
                    }
                }
                for (r, i) in strip.enumerated() {
                    let output = UnsafeMutableRawPointer(target.column(i)) + start * type.byteWidth
                    finite = type.narrow(tile + r * tileColumns, count: width, to: output) && finite
                }
            }
        }
        return finite
    }
}
