import AdaDimInspection
import AdaDimLinearAlgebra
import AdaDimQuantization
import Testing

/// The parts of an inspection by themselves.
@Suite struct InspectionTests {
    @Test func batchesAndTheirOrderChangeNothingButRounding() {
        let inputs = Matrix<Float>(rows: 300, columns: 700) { i, j in
            Float((i * 31 + j * 17) % 101) / 10 - 5 + (i == 299 ? 900 : 0)
        }
        func figures(_ starts: [Int]) -> ActivationFigures {
            var moments = ActivationMoments(channels: 300)
            for (start, end) in zip(starts, starts.dropFirst() + [700]) {
                inputs.withView { moments.accumulate($0[rows: 0..<300, columns: start..<end]) }
            }
            return moments.figures
        }
        let (whole, parts) = (figures([0]), figures([0, 1, 2, 300, 699]))
        #expect(whole.tokens == 700 && parts.tokens == 700)
        #expect(whole.largestMagnitude == parts.largestMagnitude)
        for (a, b) in zip(whole.kurtosis, parts.kurtosis) { #expect(abs(a - b) < 1e-10 * abs(a)) }
        for (a, b) in zip(whole.rootMeanSquare, parts.rootMeanSquare) { #expect(abs(a - b) < 1e-13 * a) }
    }

    @Test func aChannelThatNeverChangesHasNoKurtosis() {
        var moments = ActivationMoments(channels: 2)
        Matrix<Float>(rows: 2, columns: 5) { i, j in i == 0 ? 3 : Float(j) }.withView { moments.accumulate($0) }
        #expect(moments.figures.kurtosis[0].isNaN)
        // 0…4 has variance 2 and fourth moment 34/5.
        #expect(abs(moments.figures.kurtosis[1] - 1.7) < 1e-14)
        #expect(moments.figures.meanMagnitude == [3, 2])
    }

    @Test func noTokensAreNoError() {
        let figures = ActivationMoments(channels: 3).figures
        #expect(figures.tokens == 0 && figures.largestMagnitude == [0, 0, 0])
    }

    @Test func outliersReachBothThresholds() {
        func outliers(_ largest: [Double], _ thresholds: OutlierThresholds = .init()) -> [Int] {
            ActivationFigures(
                tokens: 1, meanMagnitude: largest, rootMeanSquare: largest, largestMagnitude: largest,
                kurtosis: largest
            ).outliers(thresholds)
        }
        #expect(outliers([0.1, 0.1, 0.1, 5.9]) == [])
        #expect(outliers([0.1, 0.1, 0.1, 6]) == [3])
        #expect(outliers([1, 1, 1, 19.9]) == [])
        #expect(outliers([20, 1, 1, 1]) == [0])
        #expect(outliers([1, 1, 8, 12], .init(magnitude: 6, ratio: 1.5)) == [2, 3])
    }

    @Test func topShareTakesOneInAHundredRoundedUp() {
        let share = Sensitivity.TopShare(of: [1, 1, 6] + [Double](repeating: 0, count: 98))
        #expect(share.channels == 2 && share.of == 101 && share.share == 7.0 / 8)
        #expect(Sensitivity.TopShare(of: [0, 0]).share == 0)
    }

    @Test func rankCorrelationKnowsTiesAndNothingButOrder() throws {
        #expect(rankCorrelation([1, 2, 3], [10, 100, 1000]) == 1)
        #expect(rankCorrelation([1, 2, 3], [3, 2, 1]) == -1)
        #expect(rankCorrelation([1, 1, 1], [3, 2, 1]) == nil)
        // SciPy's spearmanr([1, 2, 2, 4], [1, 3, 2, 4]): ranks 1, 2.5, 2.5, 4 against 1, 3, 2, 4.
        #expect(abs(try #require(rankCorrelation([1, 2, 2, 4], [1, 3, 2, 4])) - 0.9486832980505138) < 1e-15)
    }

    @Test func aMapHasTheLargestOfEveryBlock() throws {
        // One weight of 300 × 500 stands out: its block, and no other, shows it.
        var weight = Matrix<Float>(repeating: 0.5, rows: 300, columns: 500)
        weight[217, 333] = -4
        let gram = try Gram(Matrix<Float>(rows: 500, columns: 500) { $0 == $1 ? 2 : 0 }, tokens: 9)
        var taken = gram
        let figures = ActivationFigures(
            tokens: 9, meanMagnitude: .init(repeating: 1, count: 500), rootMeanSquare: .init(repeating: 1, count: 500),
            largestMagnitude: .init(repeating: 1, count: 500), kurtosis: .init(repeating: 1, count: 500))
        let options = QuantizationOptions(bits: 4, groupSize: 64, damping: 0)
        let input = try InspectedInput(taking: &taken, figures, thresholds: .init(), options: options)
        let layer = try LayerInspection(of: weight, input, options: options)
        #expect(layer.map.rows == 64 && layer.map.columns == 64)
        // H⁻¹ is ½ on the diagonal: s = 2·w².
        let (row, column) = ((217 * 64 + 95) / 300, (333 * 64 + 95) / 500)
        let place = layer.map.values.firstIndex(of: 32)
        #expect(place.map { ($0 / 64 - row, $0 % 64 - column) } ?? (9, 9) == (0, 0))
        #expect(layer.map.values.count { $0 == 0.5 } == 64 * 64 - 1)
        // All inputs alike: nothing to correlate with.
        #expect(layer.rankCorrelations.isEmpty)
    }

    @Test func verdictsReadAsSentences() {
        func verdict(_ ic: Double, _ oc: Double, _ share: Double, outliers: Int = 0, outputs: Double = 0) -> String {
            Verdict(
                perInputChannel: ic, perOutputChannel: oc,
                inputs: .init(of: [share] + [Double](repeating: (1 - share) / 99, count: 99)),
                outputs: .init(of: [outputs] + [Double](repeating: (1 - outputs) / 99, count: 99)), outliers: outliers
            ).text
        }
        #expect(
            verdict(0.71, 1, 0.41, outliers: 2)
                == "per-IC: 41 % of the sensitivity in 1 of 100 input channels, 2 outliers; loses 0.71 of per-OC")
        #expect(
            verdict(1, 0.5, 0.02, outliers: 1, outputs: 0.3)
                == "per-OC: 2 % of the sensitivity in 1 of 100 input channels, 30 % in 1 of 100 output channels, "
                + "1 outlier; loses 0.50 of per-IC")
        #expect(
            verdict(0.995, 1, 0.02)
                == "per-IC: 2 % of the sensitivity in 1 of 100 input channels; loses hardly less than per-OC")
        #expect(
            verdict(0, 0, 0.02) == "per-OC: 2 % of the sensitivity in 1 of 100 input channels; nothing is lost")
    }
}
