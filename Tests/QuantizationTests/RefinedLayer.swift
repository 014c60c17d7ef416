import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices

/// A layer that is swept and refined in arithmetic of type S, and looked at in Double.
struct RefinedLayer<S: RealScalar> {
    let weight: Matrix<S>
    let factor: GramFactor<S>
    let grid: UniformGrid
    let layout: GroupLayout
    /// W and H as S has them, in Double.
    let w: Matrix<Double>
    let h: Matrix<Double>
    /// What the factor is of, H + λI, which passes use.
    let damped: Matrix<Double>

    init(
        _ weight: Matrix<Double>, activations: Matrix<Double>, _ grid: UniformGrid, groupSize: Int?,
        _ dimension: ChannelDimension, activationOrder: Bool = false, dampingShare: Double = 0.01
    ) throws {
        var gram = try Gram<S>(order: weight.columns)
        try gram.accumulate(activations.converted(to: S.self))
        try self.init(
            weight, gram: gram, grid, groupSize: groupSize, dimension, activationOrder: activationOrder,
            dampingShare: dampingShare)
    }

    init(
        _ weight: Matrix<Double>, gram: Gram<S>, _ grid: UniformGrid, groupSize: Int?, _ dimension: ChannelDimension,
        activationOrder: Bool = false, dampingShare: Double = 0.01
    ) throws {
        self.weight = weight.converted(to: S.self)
        self.grid = grid
        layout = GroupLayout(rows: weight.rows, columns: weight.columns, groupSize: groupSize, dimension: dimension)
        w = self.weight.converted(to: Double.self)
        h = gram.symmetric().converted(to: Double.self)
        let factor = try GramFactor(gram, dampingShare: dampingShare, activationOrder: activationOrder)
        self.factor = factor
        let ridge = factor.ridge
        let positions = factor.order ?? Array(0..<weight.columns)
        var damped = h
        for (position, input) in positions.enumerated() { damped[input, input] += Double(ridge[position, 0]) }
        self.damped = damped
    }

    func refined(
        _ parts: Refinement.Parts, passes: Int, kernels: TileKernels = .best,
        panelBudget: Int = RowPanels.memoryBudget
    ) throws -> SolvedWeight {
        try solve(
            weight, factor, grid, [layout], refinement: .init(parts: parts, passes: passes), kernels: kernels,
            panelBudget: panelBudget)[0]
    }

    /// What is lost with the weight quantized in this way.
    func state(_ quantized: QuantizedMatrix) -> State {
        let q = quantized.dequantized().inDouble
        let e = Matrix<Double>(rows: w.rows, columns: w.columns) { w[$0, $1] - q[$0, $1] }
        return State(quantized: quantized, q: q, e: e, r: e.multiplied(by: damped), undamped: e.multiplied(by: h))
    }

    struct State {
        let quantized: QuantizedMatrix
        let q: Matrix<Double>
        /// W − Q.
        let e: Matrix<Double>
        /// E·(H + λI).
        let r: Matrix<Double>
        /// E·H.
        let undamped: Matrix<Double>

        /// tr(E·H·Eᵀ), the definition of the loss, by a plain product in Double.
        var loss: Double { Self.product(undamped, e) }
        /// tr(E·(H + λI)·Eᵀ), which no pass raises.
        var dampedLoss: Double { Self.product(r, e) }

        private static func product(_ a: Matrix<Double>, _ b: Matrix<Double>) -> Double {
            var sum = 0.0
            for j in 0..<a.columns { for i in 0..<a.rows { sum += a[i, j] * b[i, j] } }
            return sum
        }

        /// The scale of weight (i, j).
        func scale(_ i: Int, _ j: Int) -> Double {
            let (r, c) = quantized.layout.place(i, j)
            return Double(quantized.scales[r, c])
        }
    }

    /// How far the loss that the engine reports, ‖E·V‖² − Σ ridgeⱼ‖eⱼ‖², may be from the definition's. The computed V has
    /// V·Vᵀ = H + λI + Δ with |Δᵢⱼ| ≤ γ√(dᵢdⱼ) and d the damped diagonal (Higham, Accuracy and Stability of Numerical
    /// Algorithms, theorem 10.3), the product E·V an error of γ|E||V|, and Σₖ|eₖ||V_kj| squared and summed over j is at
    /// most in·Σ eₖ²dₖ. γ is (in + 8)·eps, which is twice Higham's; the factor's, the product's and its square's errors
    /// are three of them.
    ///
    /// in·Σ eₖ²dₖ takes all errors to be of one sign. In Float that would allow more than the loss itself for the larger
    /// sizes, so √in stands for in: errors of random signs, which those of rounding are.
    func lossBound(_ state: State) -> Double {
        let n = Double(layout.columns)
        var sum = 0.0
        for j in 0..<layout.columns {
            let d = h[j, j] + factor.damping
            for i in 0..<layout.rows { sum += state.e[i, j] * state.e[i, j] * d }
        }
        let growth = S.self == Float.self ? n.squareRoot() : n
        return 3 * (n + 8) * Double(S.ulpOfOne) * growth * sum
    }

    /// How much a pass may raise the damped loss by rounding. A code changes to one that is nearer to its computed target
    /// q + rⱼ/Hⱼⱼ, H being damped, whose error is at most γ(|E||H|)ⱼ/Hⱼⱼ + 4·eps·(|w| + |q|), γ = (in + 8)·eps; then the loss
    /// rises by at most 2Hⱼⱼ|Δq| times that. The same holds for a scale's step, whose Δq is a share of q. E stands for
    /// what it is in the pass: |E| before and after, added up. Δq likewise is the code's step and the scale's.
    func passBound(_ before: State, _ after: State) -> Double {
        let absolute = damped.mapped(abs)
        let sizes = Matrix<Double>(rows: w.rows, columns: w.columns) {
            abs(before.e[$0, $1]) + abs(after.e[$0, $1])
        }
        let terms = sizes.multiplied(by: absolute)
        let eps = Double(S.ulpOfOne)
        let gamma = Double(layout.columns + 8) * eps
        var sum = 0.0
        for j in 0..<layout.columns {
            for i in 0..<layout.rows {
                let scaled = abs(after.scale(i, j) / before.scale(i, j) - 1) * abs(before.q[i, j])
                let moved = abs(after.q[i, j] - before.q[i, j]) + 2 * scaled
                let magnitude = abs(w[i, j]) + abs(before.q[i, j]) + abs(after.q[i, j])
                sum += 2 * moved * (gamma * terms[i, j] + 4 * eps * damped[j, j] * magnitude)
            }
        }
        return sum
    }
}

extension GroupLayout {
    /// Where weight (i, j) has its scale.
    func place(_ i: Int, _ j: Int) -> (row: Int, column: Int) {
        dimension == .perOutputChannel ? (i, j / groupSize) : (i / groupSize, j)
    }
}

extension Matrix where Element: RealScalar {
    func converted<T: RealScalar>(to _: T.Type) -> Matrix<T> {
        Matrix<T>(rows: rows, columns: columns) { T(self[$0, $1]) }
    }
}

extension Matrix {
    func mapped(_ transform: (Element) -> Element) -> Matrix {
        Matrix(rows: rows, columns: columns) { transform(self[$0, $1]) }
    }

    /// Some rows of it.
    func only(rows range: Range<Int>) -> Matrix {
        Matrix(rows: range.count, columns: columns) { self[range.lowerBound + $0, $1] }
    }
}
