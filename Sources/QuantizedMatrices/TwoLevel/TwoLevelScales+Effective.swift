import AdaDimLinearAlgebra

extension TwoLevelScales {
    /// d·sc, [out, in/g]: what a code's distance from the zero point is multiplied by. Exact in Float: d has 11 significant bits
    /// and is a multiple of 2⁻²⁴, sc has 7.
    public var effectiveScales: Matrix<Float> {
        products(superScales) { [scales] in Float(scales[$0, $1]) }
    }

    /// dmin·m, [out, in/g]: what is subtracted; exact in Float. nil for types without offsets.
    public var effectiveOffsets: Matrix<Float>? {
        guard let superOffsets, let offsets else { return nil }
        return products(superOffsets) { Float(offsets[$0, $1]) }
    }

    private func products(_ outer: Matrix<Float>, _ inner: (Int, Int) -> Float) -> Matrix<Float> {
        let groups = TwoLevelType.superGroupSize / type.groupSize
        return Matrix(rows: scales.rows, columns: scales.columns) { outer[$0, $1 / groups] * inner($0, $1) }
    }
}
