import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// A quantized weight that grows by panels of rows, each of whole groups.
struct QuantizedRows: Sendable {
    private let rows: Int
    private var panels: [QuantizedMatrix] = []

    /// - Parameter rows: of the whole weight.
    init(rows: Int) { self.rows = rows }

    mutating func append(_ panel: QuantizedMatrix) { panels.append(panel) }

    /// The whole weight. Each panel is freed as it is copied, so that none remains here; a single one is not copied at
    /// all.
    mutating func join() throws(QuantizationError) -> QuantizedMatrix {
        precondition(!panels.isEmpty, "a weight without panels")
        if panels.count == 1 { return panels.removeLast() }
        let first = panels[0]
        let layout = GroupLayout(
            rows: rows, columns: first.columns, groupSize: first.groupSize, dimension: first.dimension)
        let bits = first.bits
        let codes = try Workspace<UInt8>(rows, by: layout.columns)
        let scales = try Workspace<Float>(layout.scaleRows, by: layout.scaleColumns)
        let zeros = try Workspace<UInt8>(layout.scaleRows, by: layout.scaleColumns)
        var (row, scaleRow) = (0, 0)
        panels.reverse()
        while let panel = panels.popLast() {
            Self.copy(panel.codes, into: codes, at: row)
            Self.copy(panel.scales, into: scales, at: scaleRow)
            Self.copy(panel.zeroPoints, into: zeros, at: scaleRow)
            row += panel.rows
            scaleRow += panel.scales.rows
        }
        return QuantizedMatrix(
            codes: Matrix(codes), scales: Matrix(scales), zeroPoints: Matrix(zeros), bits: bits, layout: layout)
    }

    private static func copy<T>(_ panel: Matrix<T>, into whole: Workspace<T>, at row: Int) {
        panel.withView {
            whole.view[rows: row..<row + panel.rows, columns: 0..<panel.columns].copy(from: $0)
        }
    }
}
