import AdaDimLinearAlgebra
import AdaDimQuantization

/// A factor and its Gram matrix, in Double, both in the factor's order of columns.
///
/// | here | shape | meaning |
/// |---|---|---|
/// | upper | [in, in] | V as the engine has it |
/// | gram | [in, in] | H, undamped |
/// | ridge | [in] | what must have been added to H's diagonal, by the requested share |
struct FactorJudge {
    let upper: Matrix<Double>
    let gram: Matrix<Double>
    let ridge: [Double]
    /// Input at each position; nil for the weight's own order.
    let order: [Int]?
    let epsilon: Double
    /// Largest |V·Vᵀ − (H+λI)|ᵢⱼ / √(dᵢ·dⱼ), d the damped diagonal, in units of n·eps.
    private(set) var residual = 0.0

    var inputs: Int { upper.rows }

    /// - Parameter gram: H [in, in], symmetric, in the weight's order.
    init<S: RealScalar>(
        _ factor: EngineFactor<S>, gram: Matrix<Double>, _ options: QuantizationOptions, epsilon: Double,
        into findings: inout Findings
    ) {
        let source = factor.source
        let n = gram.rows
        upper = factor.upper.inDouble
        order = source.order
        self.epsilon = epsilon
        let diagonal = (0..<n).map { gram[$0, $0] }
        let order = source.order ?? Array(0..<n)
        let isPermutation = order.sorted() == Array(0..<n)
        let isDescending =
            !options.factor.activationOrder || zip(order, order.dropFirst()).allSatisfy { diagonal[$0] >= diagonal[$1] }
        let isOrdered = (source.order != nil) == options.factor.activationOrder && isPermutation && isDescending
        findings.add(
            .order, ratio: isOrdered ? 0 : .infinity, isOrdered ? "in order" : "columns are in another order")

        let share = Self.share(source, options.factor.damping, into: &findings)
        let mean = diagonal.reduce(0, +) / Double(max(n, 1))
        // An inactive input without damping gets the mean diagonal; any positive number would do.
        ridge = order.map { diagonal[$0] == 0 && share == 0 ? mean : share * mean }
        self.gram =
            source.order == nil || !isPermutation
            ? gram : gram.withView { h in Matrix(rows: n, columns: n) { h[order[$0], order[$1]] } }
        // λ is rounded three times: the share, the mean, their product.
        let deviation = abs(source.damping - share * mean)
        if deviation > 0 {
            findings.add(
                .damping, ratio: deviation / (3 * epsilon * share * mean),
                "λ is \(source.damping), the share \(share) of the mean diagonal is \(share * mean)")
        }
        judgeRaises(source.failedAttempts.map(\.share), mean: mean, into: &findings)
        judgeResidual(into: &findings)
    }

    /// The share of the mean diagonal that was added, which must be the requested one or a raised one.
    private static func share<S: RealScalar>(
        _ source: GramFactor<S>, _ asked: Double, into findings: inout Findings
    ) -> Double {
        var (share, failed) = (asked, source.failedAttempts.map(\.share)[...])
        while let first = failed.first, first == share, share > 0, share < 1 {
            share = min(1, share * 10)
            failed = failed.dropFirst()
        }
        let isRight = failed.isEmpty && source.dampingShare == share
        findings.add(
            .damping, ratio: isRight ? 0 : .infinity,
            isRight
                ? "the share \(share) of the mean diagonal"
                : "damping \(asked) was requested, \(source.dampingShare) used after failures at \(source.failedAttempts.map(\.share))"
        )
        return share
    }

    /// Cholesky succeeds, in any precision, if scaling the diagonal by 1 − n·(n+1)·eps leaves the matrix positive
    /// definite (Demmel; Higham, theorem 10.7). Where this holds in Double, there was no reason to raise the damping.
    /// From 2048 inputs on in Float that is a weak test; with random errors n+1 becomes its root (Higham and Mary,
    /// 2019), and ten times that is taken.
    private func judgeRaises(_ failed: [Double], mean: Double, into findings: inout Findings) {
        let n = Double(gram.rows)
        let worst = n * (n + 1) * epsilon
        let margin = 1 - (worst < 0.5 ? worst : 10 * n * (n + 1).squareRoot() * epsilon)
        guard margin > 0 else {
            if !failed.isEmpty { findings.add(.damping, ratio: 0, "too many inputs to judge why \(failed) failed") }
            return
        }
        for share in failed {
            var matrix = gram
            let damping = share * mean
            matrix.withMutableView { matrix in
                for j in 0..<gram.rows { matrix[j, j] = (matrix[j, j] + damping) * margin }
            }
            let isDefinite =
                (try? matrix.withMutableView { (view) throws(FactorizationError) in try potrf(.lower, view) }) != nil
            findings.add(
                .damping, ratio: isDefinite ? .infinity : 0,
                isDefinite
                    ? "damping \(share) was refused, but the matrix has a factor"
                    : "damping \(share) was refused rightly")
        }
    }

    /// |V·Vᵀ − (H+λI)|ᵢⱼ ≤ (n+4)·eps·√(dᵢ·dⱼ): n + 1 for the factorization (Higham, theorem 10.3, with |V|·|Vᵀ| ≤
    /// √(dᵢ·dⱼ)), three for λ's roundings. Element by element, so that loud inputs do not cover up for quiet ones.
    private mutating func judgeResidual(into findings: inout Findings) {
        let n = inputs
        let product = CertifiedProduct.square(upper)
        findings.add(.judge, ratio: product.ratio, "dsyrk of the factor")
        let roots = (0..<n).map { (gram[$0, $0] + ridge[$0]).squareRoot() }
        var worst = WorstElement()
        let growth = Double(n + 4) * epsilon
        product.product.withView { p in
            gram.withView { h in
                for j in 0..<n {
                    for i in j..<n {
                        let expected = h[i, j] + (i == j ? ridge[j] : 0)
                        worst.add(abs(p[i, j] - expected), bound: growth * roots[i] * roots[j], i, j)
                    }
                }
            }
        }
        let (i, j) = (worst.row, worst.column)
        let expected = gram[i, j] + (i == j ? ridge[j] : 0)
        findings.add(
            .factor, ratio: worst.ratio, "(V·Vᵀ)[\(i), \(j)] is \(product.product[i, j]), H + λI has \(expected)")
        residual = worst.ratio * Double(n + 4) / Double(n)
        let stray = upper.withView { v in (0..<n).first { j in (j + 1..<max(n, j + 1)).contains { v[$0, j] != 0 } } }
        if let stray { findings.add(.factor, ratio: .infinity, "V has numbers below the diagonal, in column \(stray)") }
    }
}
