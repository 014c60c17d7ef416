import AdaDimLinearAlgebra
import AdaDimQuantization
import Testing

@Suite struct FactorizationTests {
    /// |V·Vᵀ − (H+λI)| ≤ (n+1)·eps·max diag (Higham, Accuracy and Stability, theorem 10.3), the residual in Double.
    @Test(arguments: straddlingSizes)
    func factorReproducesTheDampedGram(_ size: Int) throws {
        let layer = RandomLayer(out: 1, in: size, seed: 40)
        var gram = try Gram<Float>(order: size)
        try gram.accumulate(layer.activations.inFloat)
        for activationOrder in [false, true] {
            let factor = try GramFactor(gram, dampingShare: 0.01, activationOrder: activationOrder)
            let v = factor.upperTriangular().inDouble
            let product = v.multiplied(by: v, .transposed)
            let h = gram.symmetric().inDouble
            let order = factor.order ?? Array(0..<size)
            let largest = (0..<size).map { h[$0, $0] + factor.damping }.max() ?? 0
            let bound = Double(size + 1) * Double(Float.ulpOfOne) * largest
            var worst = 0.0
            for i in 0..<size {
                for j in 0..<size {
                    let expected = h[order[i], order[j]] + (i == j ? factor.damping : 0)
                    worst = max(worst, abs(product[i, j] - expected))
                }
            }
            #expect(worst <= bound)
            #expect((0..<size).allSatisfy { i in (0..<i).allSatisfy { v[i, $0] == 0 } })
        }
    }

    @Test(arguments: [2, 31, 65, 129])
    func inverseFactorInvertsTheDampedGram(_ size: Int) throws {
        let factor = try GramFactor(RandomLayer(out: 1, in: size, seed: 41, outliers: 1).gram, dampingShare: 0.1)
        let inverse = try InverseHessianFactor(factor)
        let v = factor.upperTriangular()
        let h = v.multiplied(by: v, .transposed)
        let product = inverse.upper.multiplied(.transposed, by: inverse.upper).multiplied(by: h)
        // Errors of n·eps grow by the condition number, below 1e3 with a tenth of the mean diagonal as damping.
        let bound = Double(size) * 1e3 * Double.ulpOfOne
        for i in 0..<size {
            for j in 0..<size { #expect(abs(product[i, j] - (i == j ? 1 : 0)) <= bound) }
        }
        let diagonal = inverse.inverseDiagonal
        for j in 0..<size {
            let expected = (0...j).reduce(0.0) { $0 + inverse.upper[$1, j] * inverse.upper[$1, j] }
            #expect(abs(diagonal[j] - expected) <= Double(size) * Double.ulpOfOne * expected)
        }
    }

    /// One eigenvalue flipped negative: refused, with the pivot that the reverse order meets first.
    @Test(arguments: [3, 65, 129])
    func flippedEigenvalueIsRefused(_ size: Int) throws {
        let input = size / 3
        // Diagonal but for one negative 2×2 block, so the failing pivot is known: [[1, 2], [2, 1]] at (input, input+1).
        let matrix = Matrix<Double>(rows: size, columns: size) { i, j in
            if i == j { return 1 }
            return (i == input && j == input + 1) || (j == input && i == input + 1) ? 2 : 0
        }
        let error = #expect(throws: QuantizationError.self) {
            try GramFactor(Gram(matrix, tokens: 1), dampingShare: 0)
        }
        #expect(
            error
                == .notPositiveDefinite(
                    input: input, inputs: size, attempts: [DampingAttempt(share: 0, failedInput: input)]))
        #expect(error?.description.contains("Cholesky failed at input \(input) of \(size)") == true)
    }

    /// A dense matrix with one eigenvalue flipped negative is refused at the pivot where plain loops in Double, from
    /// the last input to the first, first meet a number that is not positive.
    @Test(arguments: [31, 64, 65, 127, 129, 500])
    func flippedEigenvalueOfADenseMatrixIsRefused(_ size: Int) throws {
        var random = NormalGenerator(seed: UInt64(size))
        let direction = (0..<size).map { _ in random.next() as Double }
        let length = direction.reduce(0) { $0 + $1 * $1 }
        // I − 1.5·u·uᵀ: eigenvalues 1, and −0.5 along u.
        let matrix = Matrix<Double>(rows: size, columns: size) {
            ($0 == $1 ? 1 : 0) - 1.5 * direction[$0] * direction[$1] / length
        }
        let expected = reversePivot(matrix)
        let found = #expect(throws: QuantizationError.self) { try GramFactor(Gram(matrix, tokens: 1), dampingShare: 0) }
        #expect(found?.failedInput == expected)
        let inFloat = #expect(throws: QuantizationError.self) {
            try GramFactor(Gram(matrix.inFloat, tokens: 1), dampingShare: 0)
        }
        #expect(inFloat?.failedInput == expected)
    }

    /// The input at which Cholesky in reverse order fails, by plain loops.
    private func reversePivot(_ matrix: Matrix<Double>) -> Int? {
        var a = matrix
        for k in (0..<a.rows).reversed() {
            guard a[k, k] > 0 else { return k }
            for i in 0..<k {
                let factor = a[i, k] / a[k, k]
                for j in 0...i { a[i, j] -= factor * a[j, k] }
            }
            for i in 0..<k { for j in 0..<i { a[j, i] = a[i, j] } }
        }
        return nil
    }

    @Test func dampingIsRaisedTenfoldAndEachRaiseReported() throws {
        // Eigenvalues 1 ± 1.05: positive definite once λ exceeds 0.05 of the mean diagonal, which is 1.
        let matrix = Matrix<Double>(rowMajor: [1, 1.05, 1.05, 1], rows: 2, columns: 2)
        let factor = try GramFactor(Gram(matrix, tokens: 1), dampingShare: 0.01)
        #expect(factor.dampingShare == 0.1)
        #expect(factor.failedAttempts == [DampingAttempt(share: 0.01, failedInput: 0)])
        let v = factor.upperTriangular()
        let product = v.multiplied(by: v, .transposed)
        #expect(abs(product[0, 1] - 1.05) < 1e-15 * 4)
        #expect(abs(product[0, 0] - 1.1) < 1e-15 * 4)

        let worse = Matrix<Double>(rowMajor: [1, 5, 5, 1], rows: 2, columns: 2)
        let error = #expect(throws: QuantizationError.self) {
            try GramFactor(Gram(worse, tokens: 1), dampingShare: 0.03)
        }
        guard case .notPositiveDefinite(_, _, let attempts) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(attempts.map(\.share) == [0.03, 0.3, 1])
    }

    @Test func inactiveInputsAreRoundedPlainlyWithoutDamping() throws {
        let layer = RandomLayer(out: 20, in: 40, seed: 50)
        let silent = Matrix<Double>(rows: 40, columns: 100) { i, t in
            i % 10 == 7 ? 0 : layer.activations[i, t % 88] + Double(t) * 1e-3
        }
        for damping in [0, 0.01] {
            var gram = try Gram<Double>(order: 40)
            try gram.accumulate(silent)
            let options = QuantizationOptions(.fast) {
                $0.grid.bits = 4
                $0.grid.groupSize = 20
                $0.factor.damping = damping
                $0.direction = .fixed(.perInputChannel)
            }
            let quantizer = try LayerQuantizer(gram: gram, options: options)
            #expect(quantizer.factor.inactiveInputs == [7, 17, 27, 37])
            let swept = try quantizer.quantize(layer.weight)
            var plain = options
            plain.method = .roundToNearest
            let rounded = try LayerQuantizer(factor: quantizer.factor, options: plain).quantize(layer.weight)
            for j in [7, 17, 27, 37] {
                for i in 0..<20 { #expect(swept.quantized.codes[i, j] == rounded.quantized.codes[i, j]) }
            }
            let expected = definedLoss(layer.weight, swept.quantized.dequantized().inDouble, silent)
            #expect(abs(swept.loss - expected) <= 1e-8 * expected)
        }
    }
}

extension QuantizationError {
    fileprivate var failedInput: Int? {
        if case .notPositiveDefinite(let input, _, _) = self { input } else { nil }
    }
}
