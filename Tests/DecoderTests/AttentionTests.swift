import AdaDimDecoder
import AdaDimLinearAlgebra
import AdaDimTestSupport
import Foundation
import Testing

/// Tiled attention against the formula in Double.
struct AttentionTests {
    struct Case: CustomTestStringConvertible {
        let lengths: [Int]
        let heads: Int
        let keyValueHeads: Int
        let dimension: Int
        let window: Int?
        var testDescription: String { "\(lengths), \(heads)/\(keyValueHeads) of \(dimension), window \(window ?? 0)" }
    }

    /// Lengths around the tile of 128 queries; heads that exceed the score budget, so that they are done in groups.
    static let cases = [
        Case(lengths: [1], heads: 1, keyValueHeads: 1, dimension: 2, window: nil),
        Case(lengths: [127, 1, 129], heads: 4, keyValueHeads: 2, dimension: 6, window: nil),
        Case(lengths: [128, 257], heads: 3, keyValueHeads: 1, dimension: 4, window: nil),
        Case(lengths: [300, 0, 40], heads: 2, keyValueHeads: 2, dimension: 8, window: 1),
        Case(lengths: [300], heads: 2, keyValueHeads: 1, dimension: 8, window: 130),
        Case(lengths: [260, 31], heads: 4, keyValueHeads: 4, dimension: 10, window: 1000),
        Case(lengths: [385], heads: 42, keyValueHeads: 14, dimension: 2, window: nil),
    ]

    @Test(arguments: cases)
    func agreesWithTheFormula(_ sizes: Case) {
        let layout = SequenceLayout(lengths: sizes.lengths)
        var generator = SplitMix64(seed: 7)
        func random(_ rows: Int) -> Matrix<Float> {
            Matrix(rows: rows, columns: layout.tokens) { _, _ in .random(in: -2...2, using: &generator) }
        }
        let d = sizes.dimension
        let q = random(sizes.heads * d)
        let k = random(sizes.keyValueHeads * d)
        let v = random(sizes.keyValueHeads * d)
        let attention = Attention(
            heads: sizes.heads, keyValueHeads: sizes.keyValueHeads, headDimension: d, window: sizes.window)
        let output = attention(queries: q, keys: k, values: v, layout: layout)
        let squaredShares = attention.squaredShares(queries: q, keys: k, layout: layout)
        var expectedShares = [Double](repeating: 0, count: layout.tokens)
        var shareBound = 0.0

        // A score is a sum of d terms of at most 4/√d: an error of (d + 2)·eps·4√d. It moves a share by that much of
        // itself; exponential, sum (in eight lanes) and product add (L/8 + 6)·eps and (L + 1)·eps of at most 2.
        let eps = Double(Float.ulpOfOne)
        var worst = 0.0
        for sequence in layout.ranges {
            let length = Double(sequence.count)
            let bound = 2 * eps * (2 * Double(d + 2) * 4 * Double(d).squareRoot() + length / 8 + 6 + length + 1)
            for token in sequence {
                let first = sizes.window.map { max(sequence.lowerBound, token - $0 + 1) } ?? sequence.lowerBound
                for head in 0..<sizes.heads {
                    let kv = head / (sizes.heads / sizes.keyValueHeads) * d
                    let powers = (first...token).map { other in
                        exp(
                            (0..<d).map { Double(q[head * d + $0, token]) * Double(k[kv + $0, other]) }.reduce(0, +)
                                / Double(d).squareRoot())
                    }
                    let total = powers.reduce(0, +)
                    for (place, power) in powers.enumerated() {
                        expectedShares[first + place] += (power / total) * (power / total)
                    }
                    shareBound = max(shareBound, 2 * bound)
                    for i in 0..<d {
                        let exact = (first...token).map { powers[$0 - first] * Double(v[kv + i, $0]) }.reduce(0, +)
                        worst = max(worst, abs(Double(output[head * d + i, token]) - exact / total) / bound)
                    }
                }
            }
        }
        #expect(worst <= 1)
        // Each share's square is off by twice the share's own error relative to it, and sums of positive terms by no more, but
        // for the summing.
        let summing = Double(layout.longest + sizes.heads) * eps
        for (found, expected) in zip(squaredShares, expectedShares) {
            #expect(abs(Double(found) - expected) <= (shareBound + summing) * expected)
        }
        #expect(squaredShares.count == layout.tokens)
    }

    /// A score far above the others takes everything; nothing overflows.
    @Test func largeScores() {
        let q = Matrix<Float>(columnMajor: [1e4, 0, 1e4, 0], rows: 2, columns: 2)
        let k = Matrix<Float>(columnMajor: [1e4, 0, -1e4, 0], rows: 2, columns: 2)
        let v = Matrix<Float>(columnMajor: [1, 2, 3, 4], rows: 2, columns: 2)
        let output = Attention(heads: 1, keyValueHeads: 1, headDimension: 2, window: nil)(
            queries: q, keys: k, values: v, layout: SequenceLayout(lengths: [2]))
        #expect(output.columnMajorElements == [1, 2, 1, 2])
    }
}
