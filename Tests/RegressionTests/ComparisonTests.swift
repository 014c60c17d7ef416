import AdaDimQuantization
import AdaDimQuantizedMatrices
import AdaDimRegression
import Testing

/// A run beside its baseline: what must be the same, what may differ, and by how much.
@Suite struct ComparisonTests {
    private let results: RegressionRun.Results
    private let baseline: Baseline
    private let environment = RegressionEnvironment.current(tool: "test")

    init() throws {
        let swept = QuantizationOptions(.fast) {
            $0.grid.bits = 3
            $0.grid.groupSize = 16
            $0.direction = .adaptive(by: .sweep)
        }
        var rounded = swept
        rounded.method = .roundToNearest
        let onTwoLevels = QuantizationOptions(.fast) {
            $0.grid.twoLevel = .q3K
            $0.method = .roundToNearest
            $0.direction = .fixed(.perOutputChannel)
        }
        results = try RegressionRun(cases: [
            .init("swept", 24, 70, .activations(tokens: 160), swept),
            .init("rounded", 24, 70, .activations(tokens: 160), rounded),
            .init("in Double", 24, 70, .activations(tokens: 160), swept, .double),
            .init("on two levels", 24, 256, .activations(tokens: 160), onTwoLevels),
        ]).run()
        baseline = Baseline(results, environment: environment)
    }

    private func report(
        _ changed: RegressionRun.Results? = nil, _ baseline: Baseline? = nil, elsewhere: Bool = false,
        boundsOnly: Bool = false, moreThreads: Int = 0
    ) throws -> RegressionReport {
        var environment = environment
        if elsewhere { environment.kernels = "others" }
        environment.threads += moreThreads
        var comparison = Comparison(environment: environment)
        comparison.boundsOnly = boundsOnly
        let codes = results.cases.map(\.codes)
        return try comparison.report(changed ?? results, baseline: baseline ?? self.baseline) {
            (_, index, run) throws(RegressionError) in
            guard let packed = codes[index][run.name] else { throw .nothingToRun(reason: run.name) }
            return packed
        }
    }

    /// The results with some codes of a case's run moved by one.
    private func flipping(_ count: Int, _ name: String, run: Int = 0) throws -> RegressionRun.Results {
        var changed = results
        let index = try #require(results.cases.firstIndex { $0.name == name })
        let record = results.cases[index].record.runs[run]
        var codes = try #require(results.cases[index].codes[record.name]).unpacked()
        for position in 0..<count {
            let (i, j) = (position % codes.rows, position / codes.rows)
            codes[i, j] ^= 1
        }
        changed.cases[index].codes[record.name] = PackedRows(packing: codes, bits: record.bits)
        changed.cases[index].record.runs[run].codes = Digest.text(codes)
        return changed
    }

    private func failures(_ report: RegressionReport) -> [String] {
        report.cases.flatMap { verdict in verdict.failures.map { "\(verdict.name): \($0.kind)" } }
    }

    @Test func theSameIsGreen() throws {
        let report = try report()
        #expect(report.isGreen && report.isExact && report.differences.isEmpty && report.redCases.isEmpty)
        #expect(try self.report(boundsOnly: true).isExact == false)
    }

    @Test func exactWhereNothingDiffers() throws {
        let flipped = try flipping(1, "swept")
        #expect(try failures(report(flipped)) == ["swept: exactness"])
        #expect(try failures(report(flipped, elsewhere: true)).isEmpty)
        #expect(try failures(report(flipped, boundsOnly: true)).isEmpty)
        var other = results
        other.cases[0].record.factor.digest = "0"
        other.cases[2].record.gram = "0"
        #expect(try failures(report(other)) == ["swept: exactness", "in Double: exactness"])
    }

    /// A case that ran with other threads than in the baseline is compared by bounds; one that ran with the same is not,
    /// whatever the others had.
    @Test func otherThreadsOfACase() throws {
        let one = try report(flipping(1, "swept"), moreThreads: 1)
        #expect(failures(one) == ["swept: exactness"] && !one.isExact && one.differences.count == 1)
        var flipped = try flipping(1, "swept")
        flipped.cases[0].record.threads += 1
        #expect(try failures(report(flipped)).isEmpty)
    }

    /// In Float four rows of 24 and those expected to meet a tie, in Double one; whole rows flip from a tie on.
    @Test(arguments: [("swept", 4.0), ("in Double", 1.0)])
    func flipsBeyondTheirShare(_ name: String, _ besides: Double) throws {
        let record = try #require(results.cases.first { $0.name == name }).record
        let perOC = try #require(record.runs.firstIndex { $0.name == "gptq per-oc" })
        let expected = 24 * 70 * record.runs[perOC].shareNearTies / 78.0.squareRoot()
        let bound = (expected + 4 * expected.squareRoot() + besides) / 24
        let allowed = Int(bound * 24 * 70)
        #expect(allowed < 24 * 70 / 3)
        let green = try report(flipping(allowed, name, run: perOC), elsewhere: true)
        #expect(failures(green).isEmpty)
        let report = try report(flipping(allowed + 1, name, run: perOC), elsewhere: true)
        #expect(failures(report) == ["\(name): flipped codes"])
        let worst = try #require(report.worst.first { $0.kind == "flipped codes" })
        #expect(worst.name == "\(name), gptq per-oc" && worst.text == "\(allowed + 1) codes")
        #expect(abs(worst.bound - bound) < 1e-12 && worst.value == Double(allowed + 1) / (24 * 70))
    }

    /// Where the damping was raised, the Gram matrix being singular to working precision, all codes may differ.
    @Test func flipsOfASingularGram() throws {
        var raised = try flipping(24 * 70, "swept", run: 1)
        raised.cases[0].record.factor.isRaised = true
        #expect(try failures(report(raised, elsewhere: true)).isEmpty)
    }

    /// Grids on two levels are fitted under diag(H), which is a sum: codes may flip elsewhere, within bounds.
    @Test func roundedCodesOnTwoLevels() throws {
        let flipped = try flipping(20, "on two levels")
        #expect(try failures(report(flipped, elsewhere: true)).isEmpty)
        #expect(try failures(report(flipped)) == ["on two levels: exactness"])
        #expect(
            try failures(report(flipping(24 * 100, "on two levels"), elsewhere: true)).contains(
                "on two levels: flipped codes"))
    }

    /// Rounded weights depend on no sum: one flip is one too many, whatever the environment.
    @Test func roundedCodesNeverFlip() throws {
        #expect(try failures(report(flipping(1, "rounded"), elsewhere: true)) == ["rounded: flipped codes"])
        var other = results
        let index = try #require(results.cases.firstIndex { $0.name == "rounded" })
        other.cases[index].record.runs[0].scales = "0"
        #expect(try failures(report(other, elsewhere: true)) == ["rounded: flipped codes"])
    }

    @Test func lossesBeyondTheirRounding() throws {
        var other = results
        let run = results.cases[0].record.runs[0]
        let rounding = 2 * (run.lossBound + run.sumBound)
        other.cases[0].record.runs[0].loss += 0.99 * rounding
        #expect(try failures(report(other, elsewhere: true)).isEmpty)
        other.cases[0].record.runs[0].loss += 0.02 * rounding
        #expect(try failures(report(other, elsewhere: true)) == ["swept: relative loss"])
        // As many flips explain as much again.
        var flipped = try flipping(84, "swept")
        flipped.cases[0].record.runs[0].loss *= 1 + ComparisonBounds().lossToAFlip * 0.049
        #expect(try failures(report(flipped, elsewhere: true)).isEmpty)
        flipped.cases[0].record.runs[0].loss *= 1 + ComparisonBounds().lossToAFlip * 0.01
        #expect(try failures(report(flipped, elsewhere: true)) == ["swept: relative loss"])
        other.cases[0].record.runs[0].loss = .nan
        #expect(try failures(report(other, elsewhere: true)) == ["swept: relative loss"])
    }

    @Test func anotherLayerOfTheSameName() throws {
        var other = results
        other.cases[1].record.source = "0"
        #expect(try failures(report(other, elsewhere: true)) == ["rounded: source"])
        var older = baseline
        older.cases[0].options = "others"
        #expect(try failures(report(nil, older)) == ["swept: source"])
    }

    @Test func dampingRaisedOtherwise() throws {
        var other = results
        other.cases[0].record.factor.dampingShare *= 10
        // A share of ten times the requested one, and no failure that would explain it.
        #expect(try failures(report(other, elsewhere: true)) == ["swept: damping used"])
        other.cases[0].record.factor.isRaised = true
        #expect(try failures(report(other, elsewhere: true)).isEmpty)
        #expect(try failures(report(other)).contains("swept: damping used"))
        other.cases[0].record.factor.dampingShare *= 10
        #expect(try failures(report(other, elsewhere: true)) == ["swept: damping used"])
    }

    /// Whatever the environment; but not where a change of the engine is meant.
    @Test func refusalsAreTheBaselines() throws {
        var older = baseline
        #expect(!older.refusals.isEmpty)
        older.refusals[0].text = "something else"
        for elsewhere in [false, true] {
            let report = try report(nil, older, elsewhere: elsewhere)
            let red = report.refusals.filter { !$0.failures.isEmpty }
            #expect(!report.isGreen && red.map(\.name) == [older.refusals[0].name])
            #expect(
                red.first?.failures.first?.text
                    == "refused by \"\(baseline.refusals[0].text)\", was by \"something else\"")
        }
        #expect(try report(nil, older, boundsOnly: true).isGreen)
    }

    @Test func runsThatAreMissing() throws {
        var other = baseline
        other.cases[0].runs.removeFirst()
        #expect(try failures(report(nil, other)) == ["swept: shape"])
        other.cases[0].name = "gone"
        let report = try report(nil, other)
        #expect(report.isGreen && report.leftOut == ["gone"] && report.added == ["swept"])
    }

    @Test func anEngineThatRefuses() throws {
        var other = results
        other.cases[1].error = "no"
        let report = try report(other)
        #expect(failures(report) == ["rounded: error"] && !report.isGreen)
        #expect(report.redCases.first?.failures.first?.text == "it cannot be quantized: no")
    }

    @Test func differencesAreNamed() {
        var other = environment
        other.kernels = "others"
        other.threads += 1
        other.answers[0].file = "/elsewhere/libblas.so.3"
        let lines = other.differences(from: environment)
        #expect(lines.count == 3 && lines[0] == "kernels: \(environment.kernels), now others")
        #expect(lines[2].hasPrefix("cblas_sgemm: ") && lines[2].contains("now /elsewhere/libblas.so.3"))
    }

    /// The files are those that the linker took the routines from.
    @Test func theFilesThatAnswerAreKnown() {
        let byRoutine = Dictionary(uniqueKeysWithValues: environment.answers.map { ($0.symbol, $0) })
        #expect(byRoutine["cblas_sgemm"]?.file.contains("blas") == true)
        #expect(byRoutine["LAPACKE_spotrf_work"]?.file.contains("lapacke") == true)
        #expect(byRoutine["spotrf_"]?.file.hasPrefix("/") == true)
        #expect(environment.answers.allSatisfy { $0.digest.count == 16 })
    }

    @Test(arguments: [
        (0, "0"), (1, "1.00"), (0.5, "0.500"), (123.4, "123"), (999.6, "1000"), (1234, "1.23e3"), (0.00512, "0.00512"),
        (1e-7, "1.00e-7"), (-2.5, "-2.50"), (4.5e300, "4.50e300"),
    ])
    func numbersToThreeDigits(_ value: Double, _ text: String) { #expect(shortText(value) == text) }
}
