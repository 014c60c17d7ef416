import AdaDimLinearAlgebra

/// tr(E·H·Eᵀ) of a matrix E [out, in] in Double, what E·V is made of, and how exactly an engine can know it.
///
/// | here | shape | meaning |
/// |---|---|---|
/// | image | [out, in] | E·V |
/// | magnitude | [out, in] | \|E\|·\|V\| |
struct LossJudge {
    let loss: Double
    /// tr(E·(H + λI)·Eᵀ).
    let dampedLoss: Double
    let image: Matrix<Double>
    let magnitude: Matrix<Double>
    /// What the engine's ‖E·V‖² − Σ ridgeⱼ·‖eⱼ‖² may differ from ``loss`` by.
    private(set) var bound: Double
    /// Σᵢ(Σⱼ|eᵢⱼ|·√Hⱼⱼ)², the size of all products in tr(E·H·Eᵀ) at most.
    private let size: Double
    private let epsilon: Double

    /// The bound, to first order, with D = Σ(|E|·|V|)², C = Σ|E·V|·(|E|·|V|), R = Σ ridgeⱼ·‖eⱼ‖²:
    /// - (n+4)·eps·D for V·Vᵀ not being H + λI (Higham, theorem 10.3: the difference is at most that times |V|·|Vᵀ|);
    /// - 2·(n+8)·eps·C for the sums that make E·V and the roundings of E and of V's reciprocal diagonal;
    /// - 40·eps·(‖E·V‖² + R) for the sums of squares, exact to 32·eps, and for λ;
    /// - 2·n·eps of Double·(D + R) for the judge's own sums.
    init(_ e: Matrix<Double>, _ factor: FactorJudge, magnitudes v: Matrix<Double>, into findings: inout Findings) {
        let product = CertifiedProduct.triangular(e, factor.upper)
        let sizes = CertifiedProduct.triangular(e.magnitudes, v)
        let outputs = CertifiedProduct.symmetric(e, factor.gram)
        findings.add(.judge, ratio: max(product.ratio, sizes.ratio), "dtrmm of an error and the factor")
        findings.add(.judge, ratio: outputs.ratio, "dsymm of an error and the Gram matrix")
        let (image, magnitude) = (product.product, sizes.product)
        self.image = image
        self.magnitude = magnitude

        var (loss, d, c, squares, ridge) = (0.0, 0.0, 0.0, 0.0, 0.0)
        e.withView { e in
            image.withView { image in
                magnitude.withView { magnitude in
                    outputs.product.withView { outputs in
                        for j in 0..<e.columns {
                            var column = 0.0
                            for i in 0..<e.rows {
                                let (error, value, size) = (e[i, j], image[i, j], magnitude[i, j])
                                loss += error * outputs[i, j]
                                column += error * error
                                d += size * size
                                c += abs(value) * size
                                squares += value * value
                            }
                            ridge += factor.ridge[j] * column
                        }
                    }
                }
            }
        }
        self.loss = loss
        dampedLoss = loss + ridge
        epsilon = factor.epsilon
        let roots = (0..<e.columns).map { factor.gram[$0, $0].squareRoot() }
        var rows = [Double](repeating: 0, count: e.rows)
        e.withView { e in
            for j in 0..<e.columns { for i in 0..<e.rows { rows[i] += abs(e[i, j]) * roots[j] } }
        }
        size = rows.reduce(0) { $0 + $1 * $1 }
        let n = Double(factor.inputs)
        bound = factor.epsilon * ((n + 4) * d + 2 * (n + 8) * c + 40 * (squares + ridge))
        bound += 2 * n * Double.ulpOfOne * (d + ridge)
    }

    /// A sweep knows E·V as Vⱼⱼ·(w′ⱼ − Qⱼ), and w′ is rounded as a number of the weight's size: 6·eps·Σ|E·V|·Vⱼⱼ·|W|
    /// more, for three roundings.
    mutating func addSweep(weight: Matrix<Double>, _ factor: FactorJudge) {
        var sum = 0.0
        for j in 0..<weight.columns {
            let pivot = factor.upper[j, j]
            for i in 0..<weight.rows { sum += abs(image[i, j]) * pivot * abs(weight[i, j]) }
        }
        bound += 6 * factor.epsilon * sum
    }

    /// What H's own rounding may change the loss by: tokens·eps of the size of its products (see ``GramJudge``).
    func sumBound(tokens: Int) -> Double { Double(tokens) * epsilon * size }

    func judge(_ reported: Double, _ identity: Identity, _ what: String, into findings: inout Findings) {
        var worst = WorstElement()
        worst.add(abs(reported - loss), bound: bound, 0, 0)
        findings.add(identity, ratio: worst.ratio, "\(what) is reported as \(reported), recomputed it is \(loss)")
    }
}
