import AdaDimLinearAlgebra

/// H = X·Xᵀ, compared with a product in Double.
struct GramJudge {
    /// |H − X·Xᵀ|ᵢⱼ ≤ tokens·eps·√(Hᵢᵢ·Hⱼⱼ): a sum of so many products, whose magnitudes add up to no more than that
    /// (Cauchy and Schwarz), is computed with so much error at most in any order of summation (Higham, Accuracy and
    /// Stability of Numerical Algorithms, section 3.1). One more eps for the judge's own.
    static func judge(
        _ gram: Matrix<Double>, activations: Matrix<Double>, epsilon: Double, into findings: inout Findings
    ) {
        let expected = CertifiedProduct.square(activations)
        findings.add(.judge, ratio: expected.ratio, "dsyrk of the activations")
        let h = expected.product
        let roots = (0..<h.rows).map { h[$0, $0].squareRoot() }
        let growth = Double(activations.columns + 1) * epsilon
        var worst = WorstElement()
        gram.withView { gram in
            h.withView { h in
                for j in 0..<h.columns {
                    for i in j..<h.rows {
                        worst.add(abs(gram[i, j] - h[i, j]), bound: growth * roots[i] * roots[j], i, j)
                    }
                }
            }
        }
        let (i, j) = (worst.row, worst.column)
        findings.add(.gram, ratio: worst.ratio, "H[\(i), \(j)] is \(gram[i, j]), X·Xᵀ has \(h[i, j])")
    }
}
