import AdaDim

extension Matrix<Float> {
    /// The largest error of some elements of a Gram matrix, each summed again in Double, over √(HᵢᵢHⱼⱼ).
    func residual(asGramOf activations: Matrix<Float>) -> Double {
        var worst = 0.0
        for sample in 0..<200 {
            let (i, j) = (sample * 7919 % rows, sample * 104_729 % columns)
            var sum = 0.0
            for t in 0..<activations.columns { sum += Double(activations[i, t]) * Double(activations[j, t]) }
            let unit = (Double(self[i, i]) * Double(self[j, j])).squareRoot()
            worst = Swift.max(worst, abs(Double(self[i, j]) - sum) / unit)
        }
        return worst
    }
}

extension GramFactor<Float> {
    /// ‖V·Vᵀ·x − (H + λI)·x‖ / ‖(H + λI)·x‖ in Double, for x of changing signs.
    func residual(of gram: Matrix<Float>) -> Double {
        let n = inputs
        let v = upperTriangular()
        let x = (0..<n).map { $0 * 2_654_435_761 % 97 < 48 ? 1.0 : -1.0 }
        var y = [Double](repeating: 0, count: n)
        for j in 0..<n {
            var sum = 0.0
            for i in 0...j { sum += Double(v[i, j]) * x[i] }
            y[j] = sum
        }
        var product = [Double](repeating: 0, count: n)
        var expected = x.map { $0 * damping }
        for j in 0..<n {
            for i in 0...j { product[i] += Double(v[i, j]) * y[j] }
            for i in 0..<n { expected[i] += Double(gram[i, j]) * x[j] }
        }
        let error = zip(product, expected).reduce(0.0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        return (error / expected.reduce(0.0) { $0 + $1 * $1 }).squareRoot()
    }
}
