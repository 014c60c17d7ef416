import AdaDimLinearAlgebra
import Synchronization

/// A quantized weight [out, in] whose packed codes belong to another, a mapped file for one. Valid only inside the call that
/// the owner passes it to.
package struct PackedMatrix: Sendable {
    package let codes: PackedCodes
    /// Per-OC [out, ⌈in/g⌉], per-IC [⌈out/g⌉, in].
    package let scales: Matrix<Float>
    /// Codes of the value zero: same shape as the scales.
    package let zeroPoints: Matrix<UInt8>
    package let layout: GroupLayout
    /// What the scales and offsets are made of, where they are on two levels; else nil.
    package let twoLevel: TwoLevelScales?

    /// A weight whose scales and offsets are on two levels.
    /// - Precondition: codes are [out, in] of the scales, of the type's bits.
    package init(codes: PackedCodes, twoLevel: TwoLevelScales) {
        let type = twoLevel.type
        precondition(codes.bits == type.bits, "codes of \(codes.bits) bits for \(type.rawValue)")
        precondition(
            codes.rows == twoLevel.scales.rows && codes.columns == twoLevel.scales.columns * type.groupSize,
            "codes do not fit the scales")
        self.codes = codes
        scales = twoLevel.effectiveScales
        zeroPoints = Matrix(repeating: UInt8(type.zeroPoint), rows: scales.rows, columns: scales.columns)
        layout = GroupLayout(
            rows: codes.rows, columns: codes.columns, groupSize: type.groupSize, dimension: .perOutputChannel)
        self.twoLevel = twoLevel
    }

    /// - Precondition: codes are [out, in] of the layout and scales and zero points have its shape.
    package init(codes: PackedCodes, scales: Matrix<Float>, zeroPoints: Matrix<UInt8>, layout: GroupLayout) {
        precondition(codes.rows == layout.rows && codes.columns == layout.columns, "codes do not fit the layout")
        precondition(
            scales.rows == layout.scaleRows && scales.columns == layout.scaleColumns, "scales do not fit the layout")
        precondition(
            zeroPoints.rows == scales.rows && zeroPoints.columns == scales.columns, "zero points do not fit the scales")
        self.codes = codes
        self.scales = scales
        self.zeroPoints = zeroPoints
        self.layout = layout
        twoLevel = nil
    }

    /// The same with codes of its own, a byte each.
    package func unpacked() -> QuantizedMatrix {
        if let twoLevel { return QuantizedMatrix(codes: codes.unpacked(), twoLevel: twoLevel) }
        return QuantizedMatrix(
            codes: codes.unpacked(), scales: scales, zeroPoints: zeroPoints, bits: codes.bits, layout: layout)
    }

    /// Writes the dequantized weight, (code − zero)·scale − offset, each number rounded to the nearest that `type` holds, as a
    /// loader does. Codes are unpacked a few at a time, in a buffer that stays in cache.
    /// - Returns: whether all rounded numbers are finite.
    package func dequantize(into target: MutableMatrixView<Float>, as type: StoredFloat) -> Bool {
        let allFinite = Atomic<Bool>(true)
        let (codes, layout) = (codes, layout)
        GroupValues.with(scales, zeroPoints, twoLevel?.effectiveOffsets) { values in
            concurrently(layout.rows, by: PackingStrip.rows) { rows in
                PackingStrip.withCodes { buffer in
                    for columns in PackingStrip.runs(of: layout.columns) {
                        let tile = buffer[rows: 0..<rows.count, columns: 0..<columns.count]
                        PackingStrip.unpack(codes, rows: rows, columns: columns, into: tile)
                        for (c, j) in columns.enumerated() {
                            let output = target.column(j) + rows.lowerBound
                            values.dequantize(rows, ofColumn: j, tile.column(c), layout) { output[$0] = $1 }
                            if !type.round(output, count: rows.count) {
                                allFinite.store(false, ordering: .relaxed)
                            }
                        }
                    }
                }
            }
        }
        return allFinite.load(ordering: .relaxed)
    }
}
