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
        if first.twoLevel != nil { return try joinTwoLevel() }
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

    /// As ``join()`` on two-level grids, of which the parts are joined.
    private mutating func joinTwoLevel() throws(QuantizationError) -> QuantizedMatrix {
        guard let first = panels[0].twoLevel else { preconditionFailure("no two-level grids to join") }
        let (columns, supers) = (panels[0].columns, first.superScales.columns)
        let codes = try Workspace<UInt8>(rows, by: columns)
        let superScales = try Workspace<Float>(rows, by: supers)
        let scales = try Workspace<Int8>(rows, by: first.scales.columns)
        let superOffsets = first.type.hasOffsets ? try Workspace<Float>(rows, by: supers) : nil
        let offsets = first.type.hasOffsets ? try Workspace<UInt8>(rows, by: first.scales.columns) : nil
        var row = 0
        panels.reverse()
        while let panel = panels.popLast() {
            guard let parts = panel.twoLevel else { preconditionFailure("panels of different grids") }
            Self.copy(panel.codes, into: codes, at: row)
            Self.copy(parts.superScales, into: superScales, at: row)
            Self.copy(parts.scales, into: scales, at: row)
            if let part = parts.superOffsets, let superOffsets { Self.copy(part, into: superOffsets, at: row) }
            if let part = parts.offsets, let offsets { Self.copy(part, into: offsets, at: row) }
            row += panel.rows
        }
        return QuantizedMatrix(
            codes: Matrix(codes),
            twoLevel: TwoLevelScales(
                first.type, superScales: Matrix(superScales), superOffsets: superOffsets.map { Matrix($0) },
                scales: Matrix(scales), offsets: offsets.map { Matrix($0) }))
    }

    private static func copy<T>(_ panel: Matrix<T>, into whole: Workspace<T>, at row: Int) {
        panel.withView {
            whole.view[rows: row..<row + panel.rows, columns: 0..<panel.columns].copy(from: $0)
        }
    }
}
