import AdaDimLinearAlgebra
import Testing

@Suite struct GramTests {
    @Test(arguments: [1, 3, 64, 129])
    func batchesAddUp(_ inputs: Int) throws {
        let x = Matrix<Double>(rows: inputs, columns: 50) { i, t in Double((i * 13 + t * 7) % 11 - 5) }
        var whole = try Gram<Double>(order: inputs)
        try whole.accumulate(x)
        var parts = try Gram<Double>(order: inputs)
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
        var gram = try Gram<Float>(order: 5)
        try gram.accumulate(x)
        let order = [3, 0, 4, 1, 2]
        let permuted = try gram.permuted(by: Matrix(columnMajor: order, rows: 5, columns: 1))
        let full = gram.symmetric()
        for i in 0..<5 { for j in 0...i { #expect(permuted[i, j] == full[order[i], order[j]]) } }
    }

    @Test func descendingOrderKeepsEqualElementsInTheirs() throws {
        let values = (0..<1000).map { Float($0 * 37 % 11) }
        let order = try Matrix(columnMajor: values, rows: 1000, columns: 1).descendingOrder()
        #expect(order.columnMajorElements == values.indices.sorted { (values[$1], $0) < (values[$0], $1) })
    }

    @Test(arguments: [1 << 30, 1 << 31, 1 << 33])
    func anOrderBeyondMemoryIsRefused(_ order: Int) {
        #expect { try Gram<Float>(order: order) } throws: {
            guard case .outOfMemory(let error)? = $0 as? GramError else { return false }
            return error.elementBytes == 4 && "\($0)".contains("no memory for \(error.elements) numbers of 4 bytes")
        }
    }
}
