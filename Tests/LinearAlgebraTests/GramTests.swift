import AdaDimLinearAlgebra
import Testing

@Suite struct GramTests {
    @Test(arguments: [1, 3, 64, 129])
    func batchesAddUp(_ inputs: Int) throws {
        let x = Matrix<Double>(rows: inputs, columns: 50) { i, t in Double((i * 13 + t * 7) % 11 - 5) }
        var whole = Gram<Double>(order: inputs)
        try whole.accumulate(x)
        var parts = Gram<Double>(order: inputs)
        for range in [0..<1, 1..<20, 20..<20, 20..<50] {
            try parts.accumulate(Matrix(rows: x.rows, columns: range.count) { x[$0, range.lowerBound + $1] })
        }
        let expected = x.multiplied(by: x, .transposed)  // whole numbers: exact
        #expect(whole.symmetric() == expected)
        #expect(parts.symmetric() == expected)
        #expect(whole.tokens == 50 && parts.tokens == 50)
        #expect(whole.diagonal == (0..<inputs).map { expected[$0, $0] })
    }

    @Test func permutationMovesRowsAndColumns() throws {
        let x = Matrix<Float>(rows: 5, columns: 9) { i, t in Float(i + t * t % 7) }
        var gram = Gram<Float>(order: 5)
        try gram.accumulate(x)
        let order = [3, 0, 4, 1, 2]
        let permuted = gram.permuted(by: order)
        let full = gram.symmetric()
        for i in 0..<5 { for j in 0...i { #expect(permuted[i, j] == full[order[i], order[j]]) } }
    }
}
