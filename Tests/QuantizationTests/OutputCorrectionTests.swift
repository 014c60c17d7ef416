import AdaDimCorrection
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import Testing

/// The shift of a layer's inputs, and the weight that compensates for it, compared with their definitions.
@Suite struct OutputCorrectionTests {
    /// A weight, what it sees and saw, what its output is added to and was.
    private struct ShiftedLayer {
        let weight: Matrix<Double>
        let original: Matrix<Double>
        let shifted: Matrix<Double>
        let originalResidual: Matrix<Double>
        let shiftedResidual: Matrix<Double>

        init(out: Int, in inputs: Int, seed: UInt64) {
            let layer = RandomLayer(out: out, in: inputs, seed: seed)
            let other = RandomLayer(out: out, in: inputs, seed: seed &+ 1000)
            let (weight, activations) = (layer.weight, layer.activations)
            self.weight = weight
            original = activations
            shifted = Matrix(rows: inputs, columns: activations.columns) {
                activations[$0, $1] + 0.2 * other.activations[$0, $1]
            }
            var random = NormalGenerator(seed: seed)
            originalResidual = Matrix(rows: out, columns: activations.columns) { _, _ in random.next() }
            shiftedResidual = originalResidual.mapped { $0 + 0.1 * random.next() }
        }

        /// Batches of a few tokens each.
        func shift<S: RealScalar>(_: S.Type, hasResidual: Bool = true) throws -> InputShift<S> {
            var shift = try InputShift<S>(order: original.rows, residualRows: hasResidual ? weight.rows : nil)
            for start in stride(from: 0, to: original.columns, by: 37) {
                func batch(_ matrix: Matrix<Double>) -> Matrix<S> {
                    Matrix(rows: matrix.rows, columns: min(37, matrix.columns - start)) { S(matrix[$0, start + $1]) }
                }
                shift.add(
                    original: batch(original), shifted: batch(shifted),
                    residual: hasResidual ? (batch(originalResidual), batch(shiftedResidual)) : nil)
            }
            return shift
        }

        func gram<S: RealScalar>(_: S.Type) throws -> Gram<S> {
            var gram = try Gram<S>(order: shifted.rows)
            try gram.accumulate(shifted.converted(to: S.self))
            return gram
        }
    }

    /// Finite sums whose target is beyond Float: the target is named, not the weight.
    @Test func aTargetBeyondFloatIsNamed() throws {
        let layer = ShiftedLayer(out: 3, in: 4, seed: 1)
        let factor = try GramFactor(layer.gram(Float.self))
        let shift = try layer.shift(Float.self)
        let weight = Matrix<Float>(repeating: .greatestFiniteMagnitude / 2, rows: 3, columns: 4)
        let error = #expect(throws: QuantizationError.self) {
            try factor.target(for: weight, shift, OutputCorrection(inputs: 1, residual: 0))
        }
        guard case .targetNotFinite = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(
            "\(QuantizationError.targetNotFinite(output: 1, input: 2))".contains(
                "at output 1, input 2; expected finite"))
    }

    @Test(arguments: straddlingSizes)
    func theShiftIsThatOfTheDefinition(_ size: Int) throws {
        let layer = ShiftedLayer(out: 33, in: size, seed: 4)
        try expectDefinition(layer, Double.self)
        try expectDefinition(layer, Float.self)
    }

    private func expectDefinition<S: RealScalar>(_ layer: ShiftedLayer, _: S.Type) throws {
        func rounded(_ matrix: Matrix<Double>) -> Matrix<Double> {
            matrix.converted(to: S.self).converted(to: Double.self)
        }
        let shift = try layer.shift(S.self)
        // The difference itself is rounded once; a sum of as many products as there are tokens, in any order, is within
        // tokens·eps of exact, relative to the sum of the products' sizes.
        let eps = Double(layer.original.columns + 2) * Double(S.ulpOfOne)
        let (x, xq) = (rounded(layer.original), rounded(layer.shifted))
        let d = difference(x, xq)
        expectEqual(shift.cross, d, xq, eps)
        expectEqual(shift.gramOfShift.symmetric(), d, d, 2 * eps)
        expectEqual(
            try #require(shift.residual), difference(rounded(layer.originalResidual), rounded(layer.shiftedResidual)),
            xq,
            eps)
        #expect(shift.gramOfShift.tokens == layer.original.columns)
        #expect(try layer.shift(S.self, hasResidual: false).residual == nil)
    }

    /// found = a·bᵀ, each element within eps of Σ|a||b|.
    private func expectEqual<S: RealScalar>(
        _ found: Matrix<S>, _ a: Matrix<Double>, _ b: Matrix<Double>, _ eps: Double
    ) {
        #expect(found.rows == a.rows && found.columns == b.rows)
        let expected = a.multiplied(by: b, .transposed)
        let size = a.mapped(abs).multiplied(by: b.mapped(abs), .transposed)
        var worst = 0.0
        for j in 0..<b.rows {
            for i in 0..<a.rows { worst = max(worst, abs(Double(found[i, j]) - expected[i, j]) / size[i, j]) }
        }
        #expect(worst <= eps)
    }

    /// Shares of zero, or no shift: the weight itself, to the bit.
    @Test func nothingToCorrectIsTheWeight() throws {
        let layer = ShiftedLayer(out: 20, in: 65, seed: 9)
        for activationOrder in [false, true] {
            let factor = try GramFactor(layer.gram(Float.self), activationOrder: activationOrder)
            let weight = layer.weight.inFloat
            #expect(try factor.target(for: weight, layer.shift(Float.self), .none).weight == weight)
            #expect(
                try factor.target(
                    for: weight, layer.shift(Float.self, hasResidual: false), .init(inputs: 0, residual: 1)
                ).weight == weight)
            let still = try InputShift(
                original: layer.shifted.inFloat, shifted: layer.shifted.inFloat,
                residual: (layer.originalResidual.inFloat, layer.originalResidual.inFloat))
            #expect(try factor.target(for: weight, still, .init(inputs: 1, residual: 1)).weight == weight)
            #expect(
                try factor.target(for: weight, layer.shift(Float.self), .init(inputs: 1, residual: 0)).weight != weight)
        }
    }

    /// The target T solves (T − W)(H + λI) = α·W·K + β·D: what is left of the equation is rounding, in the order of the
    /// weight and in activation order.
    @Test(arguments: straddlingSizes, [(1.0, 0.0), (0.0, 1.0), (0.5, 0.25)])
    func theTargetSolvesItsEquation(_ size: Int, _ shares: (inputs: Double, residual: Double)) throws {
        let layer = ShiftedLayer(out: 33, in: size, seed: 5)
        try expectSolution(layer, Double.self, .init(inputs: shares.inputs, residual: shares.residual))
        try expectSolution(layer, Float.self, .init(inputs: shares.inputs, residual: shares.residual))
    }

    private func expectSolution<S: RealScalar>(
        _ layer: ShiftedLayer, _: S.Type, _ correction: OutputCorrection
    ) throws {
        let (shift, gram) = (try layer.shift(S.self), try layer.gram(S.self))
        let weight = layer.weight.converted(to: S.self)
        let (w, n) = (weight.converted(to: Double.self), weight.columns)
        let (h, k) = (gram.symmetric().converted(to: Double.self), shift.cross.converted(to: Double.self))
        let d = try #require(shift.residual).converted(to: Double.self)
        for activationOrder in [false, true] {
            let factor = try GramFactor(gram, activationOrder: activationOrder)
            let target = try factor.target(for: weight, shift, correction).weight.converted(to: Double.self)
            let change = difference(target, w)
            let damped = Matrix<Double>(rows: n, columns: n) { h[$0, $1] + ($0 == $1 ? factor.damping : 0) }
            let wk = w.multiplied(by: k)
            let right = Matrix<Double>(rows: w.rows, columns: n) {
                correction.inputs * wk[$0, $1] + correction.residual * d[$0, $1]
            }
            let left = change.multiplied(by: damped)
            // A solution by Cholesky has a residual of at most about n·eps·|x||V||Vᵀ| (Higham, theorem 10.4: γ_{3n+1}),
            // and |V||Vᵀ| ≤ √(dᵢdⱼ); the right side is within n·eps of |W||K|, and T, in which the change is added to W,
            // is rounded once more. Rows and columns are summed up by their norms.
            let eps = Double(S.ulpOfOne)
            var worst = 0.0
            for i in 0..<w.rows {
                let roots = (0..<n).map { damped[$0, $0].squareRoot() }
                let spread = (0..<n).reduce(0.0) { $0 + (abs(change[i, $1]) + abs(w[i, $1]) / Double(n)) * roots[$1] }
                for j in 0..<n {
                    let products = (0..<n).reduce(0.0) { $0 + abs(w[i, $1] * k[$1, j]) }
                    let bound =
                        Double(3 * n + 8) * eps * (spread * roots[j] + correction.inputs * products + abs(right[i, j]))
                    worst = max(worst, abs(left[i, j] - right[i, j]) / bound)
                }
            }
            #expect(worst <= 1)
            #expect(change.squaredNorm > 0)
        }
    }

    /// As many independent tokens as inputs, no damping: the outputs become the original ones, W·X = T·X_q, and with the
    /// residual's share, W·X + R = T·X_q + R_q.
    @Test(arguments: [2, 3, 31, 65, 129], [false, true])
    func squareInputsAreMadeUpForWhole(_ size: Int, _ activationOrder: Bool) throws {
        var random = NormalGenerator(seed: UInt64(size))
        func uniform() -> Double { Double.random(in: -1...1, using: &random) }
        // Twice the identity and something of norm one half at most: singular values 1.5 … 2.5, so that H has a
        // condition below 3.
        let xq = Matrix<Double>(rows: size, columns: size) { ($0 == $1 ? 2 : 0) + 0.5 / Double(size) * uniform() }
        let x = xq.mapped { $0 + 0.3 * uniform() }
        let w = Matrix<Double>(rows: 9, columns: size) { _, _ in uniform() }
        let r = Matrix<Double>(rows: 9, columns: size) { _, _ in uniform() }
        let rq = r.mapped { $0 + 0.3 * uniform() }
        var gram = try Gram<Double>(order: size)
        try gram.accumulate(xq)
        let factor = try GramFactor(gram, dampingShare: 0, activationOrder: activationOrder)
        let shift = try InputShift(original: x, shifted: xq, residual: (r, rq))
        let wx = w.multiplied(by: x)
        // in·eps·cond(H) of the solution, as norms; H's condition is 3, X_q's norm 2.5, and T is as large as W or W·X.
        let norm = (wx.squaredNorm + w.squaredNorm + r.squaredNorm).squareRoot()
        let bound = Double(size + 8) * 3 * 2.5 * Double.ulpOfOne * norm
        let inputs = try factor.target(for: w, shift, .init(inputs: 1, residual: 0)).weight
        #expect(difference(inputs.multiplied(by: xq), wx).squaredNorm.squareRoot() <= bound)
        let both = try factor.target(for: w, shift, .init(inputs: 1, residual: 1)).weight.multiplied(by: xq)
        let wanted = Matrix<Double>(rows: 9, columns: size) { wx[$0, $1] + r[$0, $1] - rq[$0, $1] }
        #expect(difference(both, wanted).squaredNorm.squareRoot() <= bound)
        // It is far from what the weight itself would give: the bounds above can fail.
        #expect(difference(w.multiplied(by: xq), wx).squaredNorm.squareRoot() > 1e6 * bound)
    }

    /// ‖WX − WX_q‖² and ‖WX − QX_q‖² by plain products.
    @Test(arguments: straddlingSizes)
    func outputLossesAreThoseOfTheDefinition(_ size: Int) throws {
        let layer = ShiftedLayer(out: 33, in: size, seed: 6)
        try expectOutputLosses(layer, Double.self)
        try expectOutputLosses(layer, Float.self)
    }

    private func expectOutputLosses<S: RealScalar>(_ layer: ShiftedLayer, _: S.Type) throws {
        func rounded(_ matrix: Matrix<Double>) -> Matrix<Double> {
            matrix.converted(to: S.self).converted(to: Double.self)
        }
        let (w, x, xq) = (rounded(layer.weight), rounded(layer.original), rounded(layer.shifted))
        let weight = layer.weight.converted(to: S.self)
        for activationOrder in [false, true] {
            let factor = try GramFactor(layer.gram(S.self), activationOrder: activationOrder)
            let grid = UniformGrid(bits: 3)
            let layout = GroupLayout(rows: w.rows, columns: w.columns, groupSize: 16, dimension: .perOutputChannel)
            let quantized = try solve(weight, factor, grid, [layout])[0].quantized.dequantized()
            let shift = try layer.shift(S.self)
            let target = try factor.target(for: weight, shift, .init(inputs: 0.5, residual: 0.25))
            let found = try factor.outputLosses(of: quantized.converted(to: S.self), target, replacing: weight, shift)
            let (wx, wxq) = (w.multiplied(by: x), w.multiplied(by: xq))
            // ‖WΔ‖² + 2⟨WΔ, (W−Q)X_q⟩ + ‖(W−Q)X_q‖²: sums of in² products of sums over the tokens, each within
            // (in + tokens)·eps of |W||Δ||Δ|ᵀ|W|ᵀ and its like; the last one is a difference from the damped loss.
            let sizes = w.mapped(abs).multiplied(by: difference(x, xq).mapped(abs)).squaredNorm
            let eps = Double(2 * x.rows + x.columns + 8) * Double(S.ulpOfOne)
            #expect(abs(found.original - difference(wx, wxq).squaredNorm) <= eps * sizes)
            for (loss, other) in [
                (found.quantized, quantized.inDouble), (found.target, target.weight.converted(to: Double.self)),
            ] {
                let e = difference(w, other)
                let errors = e.mapped(abs).multiplied(by: xq.mapped(abs)).squaredNorm + factor.damping * e.squaredNorm
                let bound = eps * (sizes + 2 * (sizes * errors).squareRoot() + errors)
                #expect(abs(loss - difference(wx, other.multiplied(by: xq)).squaredNorm) <= bound)
                #expect(loss != found.original)
            }
            #expect(found.original > 0)
        }
    }

    private func difference(_ a: Matrix<Double>, _ b: Matrix<Double>) -> Matrix<Double> {
        Matrix(rows: a.rows, columns: a.columns) { a[$0, $1] - b[$0, $1] }
    }
}

extension InputShift {
    /// The shift over one batch.
    init(
        original: Matrix<Scalar>, shifted: Matrix<Scalar>,
        residual: (original: Matrix<Scalar>, shifted: Matrix<Scalar>)?
    ) throws {
        try self.init(order: original.rows, residualRows: residual?.original.rows)
        add(original: original, shifted: shifted, residual: residual)
    }

    mutating func add(
        original: Matrix<Scalar>, shifted: Matrix<Scalar>,
        residual: (original: Matrix<Scalar>, shifted: Matrix<Scalar>)?
    ) {
        original.withView { original in
            shifted.withView { shifted in
                guard let residual else { return accumulate(original: original, shifted: shifted, residual: nil) }
                residual.original.withView { first in
                    residual.shifted.withView { second in
                        accumulate(original: original, shifted: shifted, residual: (first, second))
                    }
                }
            }
        }
    }
}
