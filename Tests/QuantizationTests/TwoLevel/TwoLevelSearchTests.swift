import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import Testing

/// The search of two-level grids: on the lattice, better than a simple one, and right where there is little to search.
@Suite struct TwoLevelSearchTests {
    private func rounded<S: RealScalar>(
        _ type: TwoLevelType, _ weight: Matrix<S>, importance: [Double]? = nil
    ) throws -> (quantized: QuantizedMatrix, error: Matrix<S>) {
        let layout = GroupLayout(
            rows: weight.rows, columns: weight.columns, groupSize: type.groupSize, dimension: .perOutputChannel)
        return try roundToNearest(
            weight, UniformGrid(type), layout,
            importance: importance.map { h in Matrix<S>(rows: h.count, columns: 1) { i, _ in S(h[i]) } })
    }

    @Test(arguments: TwoLevelType.allCases, [1.0, 1e-3, 37])
    func losesLessThanASimpleSearch(_ type: TwoLevelType, _ size: Double) throws {
        var random = NormalGenerator(seed: 77)
        // Normal, heavy-tailed, and all of one sign.
        let weight = Matrix<Double>(rows: 21, columns: 512) { i, _ in
            let x: Double = random.next()
            return size * (i % 3 == 0 ? x : i % 3 == 1 ? x * x * x : abs(x) * (i % 2 == 0 ? 1 : -1))
        }
        let h = (0..<512).map { _ in
            let x: Double = random.next()
            return x * x + 0.01
        }
        let found = try rounded(type, weight, importance: h).quantized
        #expect(isOnLattice(found))
        let grids = try #require(found.twoLevel)
        let (errors, simple) = (
            weightedErrors(grids, weight) { h[$0] },
            weightedErrors(simpleTwoLevelGrids(type, weight), weight) { h[$0] }
        )
        var (sum, simpleSum) = (0.0, 0.0)
        for i in 0..<errors.rows {
            for block in 0..<errors.columns {
                #expect(errors[i, block] <= simple[i, block], "row \(i), super-block \(block)")
                sum += errors[i, block]
                simpleSum += simple[i, block]
            }
        }
        #expect(sum < 0.93 * simpleSum, "\(sum) of \(simpleSum)")
    }

    /// Beside one weight of twenty times the others' size, other groups have whole numbers of one or two. No super-block is worse
    /// than with full ranges, but for sums in Float.
    @Test(arguments: TwoLevelType.allCases)
    func rareOutliers(_ type: TwoLevelType) throws {
        var random = NormalGenerator(seed: 5)
        let weight = Matrix<Double>(rows: 240, columns: 256) { i, j in
            let x: Double = random.next()
            return (i * 256 + j) % 200 == 7 ? 20 * x : x
        }.inFloat
        let grids = try #require(try rounded(type, weight).quantized.twoLevel)
        let errors = weightedErrors(grids, weight.inDouble) { _ in 1 }
        let simple = weightedErrors(simpleTwoLevelGrids(type, weight.inDouble), weight.inDouble) { _ in 1 }
        for i in 0..<errors.rows {
            #expect(errors[i, 0] <= simple[i, 0] * (1 + 512 * Double(Float.ulpOfOne)), "row \(i)")
        }
    }

    /// Codes of round to nearest are the nearest of all, and errors are those of the stored values.
    @Test(arguments: TwoLevelType.allCases)
    func roundsToTheNearestValue(_ type: TwoLevelType) throws {
        let layer = RandomLayer(out: 37, in: 256, seed: 8)
        let weight = layer.weight.inFloat
        let (quantized, error) = try rounded(type, weight)
        let grids = try #require(quantized.twoLevel)
        let values = quantized.dequantized()
        for i in 0..<37 {
            for j in 0..<256 {
                let value = plainValue(grids, code: Int(quantized.codes[i, j]), row: i, input: j)
                #expect(Double(values[i, j]) == value)
                #expect(error[i, j] == weight[i, j] - values[i, j])
                let w = Double(weight[i, j])
                let best = plainValue(grids, code: nearestCode(grids, to: w, row: i, input: j), row: i, input: j)
                // A weight halfway between two values may go to either, within the rounding of its quotient.
                let slack: Double = 4 * Double(Float.ulpOfOne) * (abs(w) + abs(value))
                let isNearest = abs(w - value) <= abs(w - best) + slack
                #expect(isNearest)
            }
        }
    }

    /// Weights that are on such a grid come back exactly.
    @Test(arguments: TwoLevelType.allCases)
    func findsAGridThatHoldsTheWeights(_ type: TwoLevelType) throws {
        // d·sc·q − dmin·m with every sc and m the same: the groups' ranges say what they are.
        let top = (1 << type.bits) - 1
        let weight = Matrix<Float>(rows: 16, columns: 256) { i, j in
            let code = j % type.groupSize <= top ? j % type.groupSize : (i * 7 + j * 5) % (top + 1)
            return Float(code - (type.hasOffsets ? top / 3 : type.zeroPoint)) / 64
        }
        guard type != .q6K && type != .q5K else {
            // Groups are shorter than the codes: near enough.
            let error = try rounded(type, weight).error
            return #expect(error.columnMajorElements.allSatisfy { abs($0) <= 1.0 / 256 })
        }
        let error = try rounded(type, weight).error
        let worst = error.columnMajorElements.map { abs($0) }.max() ?? 0
        #expect(worst <= 1.0 / 1024, "\(worst)")
    }

    @Test(arguments: TwoLevelType.allCases)
    func zeroBlocksAreExact(_ type: TwoLevelType) throws {
        let weight = Matrix<Float>(rows: 10, columns: 512) { i, j in j < 256 || i == 3 ? 0 : Float(j % 13) - 6 }
        let (quantized, error) = try rounded(type, weight)
        #expect(isOnLattice(quantized))
        for i in 0..<10 {
            for j in 0..<512 where j < 256 || i == 3 {
                #expect(error[i, j] == 0)
                #expect(Int(quantized.codes[i, j]) == type.zeroPoint)
            }
        }
        #expect(error.columnMajorElements.contains { $0 != 0 })
    }

    /// Around the least numbers of float16 the lattice is coarse; below them nothing is left but zero. No weight becomes worse
    /// than zero.
    @Test(arguments: TwoLevelType.allCases, [0x1p-20, 0x1p-24, 0x1p-28, 0x1p-100, 0x1p-149] as [Float])
    func tinyWeights(_ type: TwoLevelType, _ size: Float) throws {
        let weight = Matrix<Float>(rows: 9, columns: 256) { i, j in size * Float((i * 31 + j * 17) % 64 - 31) }
        let (quantized, error) = try rounded(type, weight)
        #expect(isOnLattice(quantized))
        #expect(error.columnMajorElements.allSatisfy { $0.isFinite })
        #expect(error.inDouble.squaredNorm <= weight.inDouble.squaredNorm)
    }

    @Test(arguments: TwoLevelType.allCases)
    func hugeWeightsAreRefused(_ type: TwoLevelType) throws {
        let big: [Float] = [1e12, 3e38]
        for size in big {
            let weight = Matrix<Float>(rows: 3, columns: 512) { i, j in
                i == 1 && j >= 256 ? size * (j % 2 == 0 ? 1 : -0.5) : Float(j % 7) - 3
            }
            #expect {
                _ = try rounded(type, weight)
            } throws: {
                "\($0)" == "scale [1, 1] is too large for float16, whose largest number is 65504.0"
            }
        }
        // The largest that has a number.
        let weight = Matrix<Float>(rows: 3, columns: 256) { i, j in 60000 * (j % 2 == 0 ? 1 : -0.5) * Float(1 + i) }
        #expect(try rounded(type, weight).error.columnMajorElements.allSatisfy { $0.isFinite })
    }
}
