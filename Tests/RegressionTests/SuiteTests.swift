import AdaDimQuantization
import AdaDimQuantizedMatrices
import AdaDimRegression
import Testing

/// The bundled suite has in it what it promises, made alike everywhere.
@Suite struct SuiteTests {
    private let cases = BundledSuite.cases

    @Test func namesAreUnlike() {
        #expect(Set(cases.map(\.name)).count == cases.count)
        let refusals = BundledSuite.refusals.map(\.name)
        #expect(Set(refusals).count == refusals.count)
    }

    @Test func everyOptionOccurs() {
        let options = cases.map(\.options)
        let uniform = options.filter { $0.grid.twoLevel == nil }
        #expect(Set(uniform.map(\.grid.bits)) == Set(QuantizationOptions.Grid.supportedBits))
        #expect(Set(options.compactMap(\.grid.twoLevel)) == Set(TwoLevelType.allCases))
        #expect(Set(options.map(\.method)) == Set(QuantizationOptions.Method.allCases))
        #expect(
            Set(options.filter { $0.direction.isAdaptive }.map(\.direction.selection))
                == Set(QuantizationOptions.Selection.allCases))
        #expect(Set(options.map(\.grid.scaleType)) == Set(ScaleType.allCases))
        for dimension in ChannelDimension.allCases {
            #expect(options.contains { $0.direction.fixedDimension == dimension && $0.grid.isSymmetric })
        }
        #expect(options.contains { $0.direction.isAdaptive })
        #expect(options.contains { $0.grid.groupSize == nil })
        #expect(options.contains { ($0.grid.groupSize ?? 0) > 128 })
        #expect(options.contains { $0.factor.activationOrder })
        #expect(options.contains { $0.factor.damping == 0 })
        #expect(cases.contains { $0.threads == 1 } && cases.contains { $0.arithmetic == .double })
        #expect(
            cases.contains { $0.out == 1 && $0.inputs == 1 } && cases.contains { $0.out == 4096 && $0.inputs == 4096 })
        #expect(cases.contains { $0.source == .condition(1e12) } && cases.contains { $0.source == .condition(1) })
    }

    @Test func memoryIsCountedBeforeTheRun() throws {
        let run = RegressionRun()
        try run.checkMemory(available: 3_000_000_000)
        let error = #expect(throws: RegressionError.self) { try run.checkMemory(available: 1_000_000_000) }
        #expect(
            error?.description
                == "4096x4096 needs 2.15 GB of memory and this process may use 1.00 GB; --max-size and --only leave layers out"
        )
    }

    /// The first numbers of a seed, worked out with another implementation of SplitMix64 (Python's integers):
    /// m = lambda z: …; the state is m(seed + step) + (index + 1)·step.
    @Test func noiseIsWhatItWas() {
        let noise = SyntheticNoise(seed: 42)
        #expect(noise.bits(0) == 0x57e1_faba_6510_7204 && noise.bits(1) == 0xf4ab_d143_feb2_4055)
        let sample = (0..<100_000).map { noise.bell($0) }
        let mean = sample.reduce(0, +) / 100_000
        let variance = sample.reduce(0) { $0 + $1 * $1 } / 100_000
        // Five standard errors: 1/√n for the mean; for the variance √((κ−1)/n) with kurtosis κ = 3 − 1.2/4.
        #expect(abs(mean) < 5 / 100_000.0.squareRoot() && abs(variance - 1) < 5 * (1.7 / 100_000).squareRoot())
        #expect(sample.allSatisfy { abs($0) < 3.5 })
    }

    /// Eigenvalues by what they add up to: the trace, and the trace of the square.
    @Test(arguments: [1.0, 1e3, 1e12]) func spectraAreAsAsked(_ condition: Double) {
        let n = 65
        let h = SyntheticInputs.condition(condition).gram(Double.self, inputs: n, seed: 9)
        var (trace, wantedTrace, wantedSquares) = (0.0, 0.0, 0.0)
        let squares = h.squaredNorm
        for i in 0..<n {
            trace += h[i, i]
            // condition^(−i/(n−1)) by repeated multiplication of the 64th root: n − 1 is a power of two.
            var root = 1 / condition
            for _ in 0..<6 { root = root.squareRoot() }
            let eigenvalue = (0..<i).reduce(1.0) { product, _ in product * root }
            wantedTrace += eigenvalue
            wantedSquares += eigenvalue * eigenvalue
        }
        // Three reflections of n-term sums on both sides.
        let bound = 12 * Double(n) * Double.ulpOfOne
        #expect(abs(trace - wantedTrace) <= bound * wantedTrace)
        #expect(abs(squares - wantedSquares) <= 2 * bound * wantedSquares)
        for i in 0..<n { for j in 0..<i { #expect(h[i, j] == h[j, i]) } }
        if condition > 1 { #expect(h[3, 40] != 0) }
    }
}
