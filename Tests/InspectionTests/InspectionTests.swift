import AdaDimInspection
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
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
        let options = QuantizationOptions(.fast) {
            $0.grid.bits = 4
            $0.grid.groupSize = 64
            $0.factor.damping = 0
        }
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
                == "per-IC: 41 % of the sensitivity in 1 of 100 input channels, 2 outliers; loses 0.71 of what per-OC loses"
        )
        #expect(
            verdict(1, 0.5, 0.02, outliers: 1, outputs: 0.3)
                == "per-OC: 2 % of the sensitivity in 1 of 100 input channels, 30 % in 1 of 100 output channels, "
                + "1 outlier; loses 0.50 of what per-IC loses")
        #expect(
            verdict(0.995, 1, 0.02)
                == "per-IC: 2 % of the sensitivity in 1 of 100 input channels; loses hardly less than per-OC")
        #expect(
            Verdict(
                perInputChannel: 0, perOutputChannel: 0, inputs: .init(of: [0, 0]), outputs: .init(of: [0]), outliers: 0
            ).text == "per-OC: there is no output on this text, so nothing is lost")
        #expect(
            verdict(0, 0, 0.02) == "per-OC: 2 % of the sensitivity in 1 of 100 input channels; nothing is lost")
    }

    /// Inputs that a rule determines, [inputs, tokens]; the named channels are never active.
    private func inputs(_ count: Int, tokens: Int, dead: Set<Int> = []) -> Matrix<Float> {
        var state: UInt64 = 88_172_645_463_325_252
        return Matrix<Float>(rows: count, columns: tokens) { i, _ in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return dead.contains(i) ? 0 : Float(Double(state % 20001) / 10000 - 1) * Float(1 + i % 3)
        }
    }

    private func inspected(_ inputs: Matrix<Float>, _ options: QuantizationOptions) throws -> InspectedInput {
        var moments = ActivationMoments(channels: inputs.rows)
        inputs.withView { moments.accumulate($0) }
        var gram = try Gram<Float>(order: inputs.rows)
        try gram.accumulate(inputs)
        return try InspectedInput(taking: &gram, moments.figures, thresholds: .init(), options: options)
    }

    /// To Double's precision of the Gram matrix as Float summed it up: a factor in Float would be 10⁸ times worse.
    @Test(arguments: [false, true])
    func theInverseIsFactoredInDouble(_ activationOrder: Bool) throws {
        let count = 60
        var inputs = inputs(count, tokens: 200)
        // Nearly dependent: a condition number of some 10⁶.
        for token in 0..<200 {
            inputs[count - 1, token] = inputs[0, token] + inputs[1, token] * (1 + 1e-3 * inputs[2, token])
        }
        let options = QuantizationOptions(.fast) {
            $0.grid.bits = 3
            $0.grid.groupSize = 8
            $0.factor.damping = 1e-6
            $0.factor.activationOrder = activationOrder
        }
        let input = try inspected(inputs, options)
        var gram = try Gram<Float>(order: count)
        try gram.accumulate(inputs)
        let h = gram.symmetric()
        let mean = gram.diagonal.reduce(0) { $0 + Double($1) } / Double(count)
        let damped = Matrix<Double>(rows: count, columns: count) {
            Double(h[$0, $1]) + ($0 == $1 ? 1e-6 * mean : 0)
        }
        #expect(input.inverseDampingShare == 1e-6)
        for j in 0..<count {
            // Gaussian elimination, with j last: the last pivot is 1/[(H+λI)⁻¹]ⱼⱼ.
            let pivot = lastPivot(damped, j)
            #expect(abs(input.factors(.inverseHessian)[j] / pivot - 1) < 1e-8, "input \(j)")
        }
    }

    /// The last pivot of an elimination that takes row `last` last: what is left of its diagonal element.
    private func lastPivot(_ matrix: Matrix<Double>, _ last: Int) -> Double {
        let order = (0..<matrix.rows).filter { $0 != last } + [last]
        var a = Matrix<Double>(rows: matrix.rows, columns: matrix.rows) { matrix[order[$0], order[$1]] }
        for k in 0..<a.rows - 1 {
            for i in k + 1..<a.rows {
                let factor = a[i, k] / a[k, k]
                for j in k..<a.rows { a[i, j] -= factor * a[k, j] }
            }
        }
        return a[a.rows - 1, a.rows - 1]
    }

    @Test func deadInputsAreSensitiveByDampingAlone() throws {
        let inputs = inputs(40, tokens: 200, dead: [3, 17])
        for damping in [0, 0.01] {
            let options = QuantizationOptions(.fast) {
                $0.grid.bits = 3
                $0.grid.groupSize = 8
                $0.factor.damping = damping
            }
            let input = try inspected(inputs, options)
            let factors = input.factors(.inverseHessian)
            #expect(input.factors(.hessianDiagonal)[3] == 0 && input.factors(.hessianDiagonal)[4] > 0)
            // λ itself, as Double has it of the same Gram matrix.
            let mean = input.hessianDiagonal.reduce(0, +) / 40
            #expect(abs(factors[3] - damping * mean) <= 1e-14 * mean && factors[17] == factors[3])
            #expect(factors[4] > factors[3])
        }
    }

    /// What Float factors by the luck of rounding, Double may not.
    @Test func moreDampingForTheInverseIsTold() throws {
        var raised = 0
        for tokens in 60..<80 {
            var inputs = inputs(20, tokens: tokens)
            for token in 0..<tokens { inputs[19, token] = inputs[0, token] + inputs[1, token] }
            for damping in [1e-9, 1e-8] {
                let input = try inspected(
                    inputs,
                    QuantizationOptions(.fast) {
                        $0.grid.bits = 3
                        $0.grid.groupSize = 8
                        $0.factor.damping = damping
                    })
                #expect(input.inverseDampingShare >= input.factor.dampingShare)
                if input.inverseDampingShare > input.factor.dampingShare { raised += 1 }
            }
            // Either refused by Float, or by Double with words of its own, or by neither.
            do {
                _ = try inspected(
                    inputs,
                    QuantizationOptions(.fast) {
                        $0.grid.bits = 3
                        $0.grid.groupSize = 8
                        $0.factor.damping = 0
                    })
            } catch let error as InspectionError {
                #expect("\(error)".contains("none in Double") && "\(error)".contains("damping 0 is never raised"))
            } catch let error as QuantizationError {
                guard case .notPositiveDefinite = error else { throw error }
            }
        }
        #expect(raised > 0)
    }

    @Test func anyOptionsAreLookedAt() throws {
        let inputs = inputs(40, tokens: 200, dead: [3])
        let weight = Matrix<Float>(rows: 9, columns: 40) { i, j in Float((i * 7 + j * 13) % 11 - 5) / 10 }
        for (bits, groupSize, symmetric, ordered) in [
            (2, 16, false, true), (8, nil, true, false), (3, 1, false, false), (4, nil, true, true),
        ] as [(Int, Int?, Bool, Bool)] {
            var options = QuantizationOptions(.fast) {
                $0.grid.bits = bits
                $0.grid.groupSize = groupSize
                $0.grid.isSymmetric = symmetric
                $0.factor.activationOrder = ordered
            }
            let input = try inspected(inputs, options)
            let layer = try LayerInspection(of: weight, input, options: options)
            let rows = try LayerInspection(
                of: Matrix(rows: 1, columns: 40) { weight[$0, $1] }, input, options: options)
            #expect(rows.outputEnergy > 0 && rows.outputEnergy < layer.outputEnergy)
            for dimension in ChannelDimension.allCases {
                // As the quantizer finds them by itself.
                options.direction = .fixed(dimension)
                for method in QuantizationOptions.Method.allCases {
                    options.method = method
                    let alone = try LayerQuantizer(factor: input.factor, options: options).quantize(weight)
                    let found = method == .gptq ? layer.losses(dimension).gptq : layer.losses(dimension).roundToNearest
                    #expect(abs(found - alone.loss) <= 1e-6 * layer.outputEnergy)
                }
                let layout = GroupLayout(rows: 9, columns: 40, groupSize: groupSize, dimension: dimension)
                let groups = layout.groupsPerChannel * (dimension == .perOutputChannel ? 9 : 40)
                let counted = layer.groupErrors.counts[dimension]?.reduce(0, +) ?? 0
                let exact = layer.groupErrors.exact[dimension] ?? 0
                #expect(counted + exact == groups)
                // A dead input's groups lose nothing.
                #expect(dimension == .perOutputChannel || exact >= layout.groupsPerChannel)
            }
        }
    }
}
