import AdaDimEvaluation
import AdaDimLinearAlgebra
import AdaDimTestSupport
import Foundation
import Testing

/// log softmax from panels of the vocabulary against the whole of it in Double.
struct TargetLogLikelihoodsTests {
    /// Panels that rise, fall or jump, so that the running maximum moves at each of them or at none; a last, short one.
    @Test(arguments: [1, 7, 8, 100, 513, 1029])
    func panelsMakeUpTheVocabulary(panel: Int) {
        let vocabulary = 1029
        let slopes: [Double] = [0, 0.05, -0.05, 0.2]
        let logits = Matrix<Float>(rows: vocabulary, columns: slopes.count) { row, column in
            Float(5 * sin(Double(row * 37 + column)) + slopes[column] * Double(row))
        }
        let targets: [Int32] = [0, 1028, 513, 7]
        var likelihoods = TargetLogLikelihoods(targets: targets)
        for start in stride(from: 0, to: vocabulary, by: panel) {
            let rows = start..<min(start + panel, vocabulary)
            logits.withView { logits in
                // Two batches of tokens, as the evaluation adds them.
                for columns in [0..<3, 3..<4] {
                    likelihoods.add(logits[rows: rows, columns: columns], rows: rows, columns: columns)
                }
            }
        }
        // x − max is rounded once: half an eps of at most 220. Exponentials (2 ulps) and sums of up to 32 terms in
        // Float add 34 eps of the sum, hence of its logarithm.
        let bound = (110 + 34) * Double(Float.ulpOfOne)
        for (column, value) in likelihoods.values.enumerated() {
            let values = logits.column(column).map(Double.init)
            let peak = values.max() ?? 0
            let exact =
                values[Int(targets[column])] - peak - log(values.map { exp($0 - peak) }.reduce(0, +))
            #expect(abs(value - exact) <= bound, "token \(column)")
        }
    }

    @Test func nanAndInfinityShow() {
        for bad: Float in [.nan, .infinity] {
            for place in [0, 8, 10] {
                var logits = Matrix<Float>(repeating: 1, rows: 11, columns: 1)
                logits[place, 0] = bad
                var likelihoods = TargetLogLikelihoods(targets: [3])
                logits.withView { likelihoods.add($0, rows: 0..<11, columns: 0..<1) }
                #expect(!likelihoods.values[0].isFinite)
            }
        }
    }
}
