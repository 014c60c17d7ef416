import AdaDimLinearAlgebra

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
    package func append(to target: any TensorBytes) throws -> Bool {
        let rowBytes = weight.columns * type.byteWidth
        // Some 4 MB, and whole tiles.
        let tileRows = TransposingTile<Float>.rows
        let panelRows = max(1, (4 << 20) / max(rowBytes, 1) / tileRows) * tileRows
        var panel = [UInt8](repeating: 0, count: min(panelRows, weight.rows) * rowBytes)
        var finite = true
        for start in stride(from: 0, to: weight.rows, by: panelRows) {
            let rows = start..<min(start + panelRows, weight.rows)
            if rows.count < panelRows { panel.removeLast(panel.count - rows.count * rowBytes) }
            finite = fill(&panel, rows: rows) && finite
            try target.append(panel)
        }
        return finite
    }

    private func fill(_ panel: inout [UInt8], rows: Range<Int>) -> Bool {
        panel.withUnsafeMutableBytes { bytes in
            weight.withView { $0[rows: rows, columns: 0..<weight.columns].writeRowMajor(to: bytes, as: type) }
        }
    }
}
