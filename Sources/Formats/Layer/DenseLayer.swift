import AdaDimCheckpoint
import AdaDimLinearAlgebra
import AdaDimSafetensors
import Synchronization

/// A layer's weight [out, in] on its way into a file as plain numbers: rounded to a type, row-major.
package struct DenseLayer {
    let weight: Matrix<Float>
    let type: StoredFloat

    package init(weight: Matrix<Float>, type: StoredFloat) {
        self.weight = weight
        self.type = type
    }

    /// Appends the weights a panel of rows at a time.
    /// - Returns: whether all rounded weights are finite.
    package func append(to writer: SafetensorsWriter) throws(SafetensorsError) -> Bool {
        let rowBytes = weight.columns * type.byteWidth
        // Some 4 MB, and whole strips.
        let panelRows = max(1, (4 << 20) / max(rowBytes, 1) / Self.stripRows) * Self.stripRows
        var panel = [UInt8](repeating: 0, count: min(panelRows, weight.rows) * rowBytes)
        var finite = true
        for start in stride(from: 0, to: weight.rows, by: panelRows) {
            let rows = start..<min(start + panelRows, weight.rows)
            if rows.count < panelRows { panel.removeLast(panel.count - rows.count * rowBytes) }
            finite = fill(&panel, rows: rows) && finite
            try writer.append(panel)
        }
        return finite
    }

    private static let stripRows = 32

    private func fill(_ panel: inout [UInt8], rows: Range<Int>) -> Bool {
        let finite = Atomic<Bool>(true)
        let rowBytes = weight.columns * type.byteWidth
        let type = type
        panel.withUnsafeMutableBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return }
            // Column i is row i of the panel: strips of columns of this view are disjoint.
            let target = MutableMatrixView(
                base: base, rows: rowBytes, columns: rows.count, leadingDimension: rowBytes)
            weight.withView { weight in
                let source = weight[rows: rows, columns: 0..<weight.columns]
                concurrently(rows.count, by: Self.stripRows) { strip in
                    let isFinite = Self.fill(target, strip, from: source, type)
                    if !isFinite { finite.store(false, ordering: .relaxed) }
                }
            }
        }
        return finite.load(ordering: .relaxed)
    }

    /// Turns a strip of rows in a tile that stays in cache.
    private static func fill(
        _ target: MutableMatrixView<UInt8>, _ strip: Range<Int>, from source: MatrixView<Float>, _ type: StoredFloat
    ) -> Bool {
        let tileColumns = 64
        var finite = true
        withUnsafeTemporaryAllocation(of: Float.self, capacity: stripRows * tileColumns) { tile in
            guard let tile = tile.baseAddress else { return }
            for start in stride(from: 0, to: source.columns, by: tileColumns) {
                let width = min(tileColumns, source.columns - start)
                for c in 0..<width {
                    let column = source.column(start + c)
                    for (r, i) in strip.enumerated() { tile[r * tileColumns + c] = column[i] }
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
