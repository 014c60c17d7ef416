import AdaDimDecoder
import AdaDimLinearAlgebra
import Foundation
import Testing

/// The hand-written elementwise kernels against plain computations in Double.
struct ElementwiseTests {
    static let eps = Double(Float.ulpOfOne)

    /// Every 1009th float from −0 down to −87.33, and the ends.
    @Test func exponentialStaysWithinTwoUlps() {
        let last = Float(-87.33).bitPattern
        var worst = 0.0
        var pattern = Float(-0.0).bitPattern
        while pattern <= last {
            let arguments = Lanes((0..<8).map { Float(bitPattern: min(pattern + UInt32($0) * 1009, last)) })
            let results = exponential(nonPositive: arguments)
            for lane in 0..<8 {
                let exact = exp(Double(arguments[lane]))
                worst = max(worst, abs(Double(results[lane]) - exact) / Double(Float(exact).ulp))
            }
            pattern += 8 * 1009
        }
        #expect(worst <= 2, "\(worst) units in the last place")
    }

    @Test func exponentialAtTheEdges() {
        let results = exponential(
            nonPositive: Lanes(0, -0, -.infinity, .nan, -87.34, -200, -3e38, -.leastNonzeroMagnitude))
        #expect(results[0] == 1 && results[1] == 1 && results[7] == 1)
        #expect(results[2] == 0 && results[4] == 0 && results[5] == 0 && results[6] == 0)
        #expect(results[3].isNaN)
    }

    /// An exponential (2 ulps), a sum, a product and a quotient (half an ulp each, e⁻ˣ's share below one): 4 eps.
    @Test(arguments: [1, 7, 8, 9, 31])
    func swiGLU(rows: Int) {
        let gate = Matrix<Float>(rows: rows, columns: 3) { Float($0 * 7 + $1 * 5) - 40 }
        let up = Matrix<Float>(rows: rows, columns: 3) { Float($1) - Float($0) / 3 }
        var result = gate
        up.withView { up in result.withMutableView { applySwiGLU(gate: $0, up: up) } }
        for j in 0..<3 {
            for i in 0..<rows {
                let x = Double(gate[i, j])
                let exact = x / (1 + exp(-x)) * Double(up[i, j])
                #expect(abs(Double(result[i, j]) - exact) <= 4 * Self.eps * abs(exact))
            }
        }
    }

    @Test func siLUFarFromZero() {
        let results = siLU(Lanes(0, 100, -100, 3e38, -3e38, .infinity, .nan, -50))
        #expect(results[0] == 0 && results[1] == 100 && results[2] == 0 && results[3] == 3e38 && results[4] == 0)
        #expect(results[5] == .infinity && results[6].isNaN)
        #expect(abs(results[7] + 50 * Float(exp(-50.0))) <= 4 * Float.ulpOfOne * 50 * Float(exp(-50.0)))
    }

    /// The mean of n squares in lanes of 32 has a relative error below 34 eps, its root half of that; three roundings
    /// follow.
    @Test(arguments: [1, 5, 8, 255, 256, 257, 520])
    func rootMeanSquareNorm(features: Int) {
        let x = Matrix<Float>(rows: features, columns: 2) { Float(sin(Double($0 * 3 + $1))) * Float(1 + $1 * 1000) }
        let weight = Matrix<Float>(rows: features, columns: 1) { row, _ in Float(cos(Double(row))) }
        let result = RootMeanSquareNorm(weight: weight, epsilon: 1e-5).applied(to: x)
        for j in 0..<2 {
            let meanSquare = (0..<features).map { Double(x[$0, j]) * Double(x[$0, j]) }.reduce(0, +) / Double(features)
            for i in 0..<features {
                let exact = Double(x[i, j]) / (meanSquare + 1e-5).squareRoot() * Double(weight[i, 0])
                #expect(abs(Double(result[i, j]) - exact) <= 20 * Self.eps * abs(exact))
            }
        }
    }

    @Test func firstNonFiniteElement() throws {
        var matrix = Matrix<Float>(repeating: 3e38, rows: 13, columns: 9000)
        #expect(matrix.firstNonFinite == nil)
        matrix[12, 8999] = .nan
        #expect(try #require(matrix.firstNonFinite) == (12, 8999))
        matrix[2, 5000] = -.infinity
        #expect(try #require(matrix.firstNonFinite) == (2, 5000))
    }
}
