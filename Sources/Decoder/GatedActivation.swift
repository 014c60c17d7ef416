import AdaDimLinearAlgebra

/// gate ← SiLU(gate) · up, elementwise, [features, tokens]; SiLU(x) = x / (1 + e⁻ˣ). The gate of a SwiGLU feed-forward
/// network (Shazeer, arXiv 2002.05202).
package func applySwiGLU(gate: MutableMatrixView<Float>, up: MatrixView<Float>) {
    precondition(
        gate.rows == up.rows && gate.columns == up.columns,
        "gate [\(gate.rows), \(gate.columns)], up [\(up.rows), \(up.columns)]")
    concurrently(gate.columns, by: max(1, 8192 / max(gate.rows, 1))) { columns in
        for j in columns {
            let g = gate.column(j)
            let u = up.column(j)
            var i = 0
            while i + 8 <= gate.rows {
                (siLU(Lanes(g + i)) * Lanes(u + i)).store(to: g + i)
                i += 8
            }
            let rest = gate.rows - i
            if rest > 0 {
                let tail = siLU(Lanes(g + i, count: rest, filler: 0)) * Lanes(u + i, count: rest, filler: 0)
                tail.store(to: g + i, count: rest)
            }
        }
    }
}

/// x·σ(x). The logistic function from e^−|x|, which cannot overflow: 1/(1 + e^−|x|), times e^−|x| where x < 0.
@inline(__always)
package func siLU(_ x: Lanes) -> Lanes {
    let small = exponential(nonPositive: x.replacing(with: -x, where: x .> 0))
    return x * Lanes(repeating: 1).replacing(with: small, where: x .< 0) / (1 + small)
}
