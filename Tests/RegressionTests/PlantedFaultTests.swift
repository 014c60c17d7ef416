import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimRegression
import Testing

/// Each planted fault turns a run red, through the identity that is meant to catch it, and the real engine is green.
@Suite struct PlantedFaultTests {
    private static func options(
        _ method: QuantizationOptions.Method, _ direction: QuantizationOptions.Direction = .fixed(.perOutputChannel),
        searches: Bool = false, passes: Int = 0, damping: Double = 0.01
    ) -> QuantizationOptions {
        QuantizationOptions(.fast) {
            $0.grid.bits = 3
            $0.grid.groupSize = 16
            $0.grid.ranges = searches ? .search : .full
            $0.method = method
            $0.refinement = .init(passes: passes)
            $0.factor.damping = damping
            $0.direction = direction
        }
    }

    private static let cases: [RegressionCase] = [
        .init("swept", 24, 70, .activations(tokens: 160), options(.gptq)),
        .init("swept per-ic", 24, 40, .activations(tokens: 160), options(.gptq, .fixed(.perInputChannel))),
        .init("swept in Double", 24, 70, .activations(tokens: 160), options(.gptq), .double),
        .init("rounded", 24, 70, .activations(tokens: 160), options(.roundToNearest)),
        .init("rounded in Double", 24, 70, .outliers(tokens: 160), options(.roundToNearest), .double),
        .init("adaptive", 48, 70, .outliers(tokens: 160), options(.gptq, .adaptive(by: .sweep))),
        .init("searched", 24, 70, .activations(tokens: 160), options(.gptq, searches: true), .double),
        .init(
            "searched per-ic", 48, 40, .activations(tokens: 160),
            options(.gptq, .fixed(.perInputChannel), searches: true)),
        .init("refined", 24, 70, .activations(tokens: 160), options(.gptq, passes: 2)),
        .init("refined, damped", 24, 70, .activations(tokens: 160), options(.gptq, passes: 2, damping: 0.5)),
        .init("refined per-ic", 24, 40, .activations(tokens: 160), options(.gptq, .fixed(.perInputChannel), passes: 2)),
    ]

    private func run(_ fault: FaultyEngine.Fault) throws -> RegressionRun.Results {
        try RegressionRun(cases: Self.cases).run(FaultyEngine(fault))
    }

    private func failed(_ results: RegressionRun.Results) -> [String: [Identity]] {
        results.cases.reduce(into: [:]) { $0[$1.name] = $1.findings.failed }
    }

    @Test func theRealEngineIsGreen() throws {
        let results = try run(.none)
        #expect(results.cases.count == Self.cases.count && results.refusals.count > 10)
        #expect(results.cases.filter { $0.isRed }.map(\.name) == [])
        #expect(results.refusals.filter { $0.isRed }.map(\.record.name) == [])
        // Every identity was looked at.
        let seen = results.cases.reduce(into: Set<Identity>()) { $0.formUnion($1.findings.worst.keys) }
        #expect(seen == Set(Identity.allCases).subtracting([.refusal]))
    }

    @Test func aWrongTriangle() throws {
        for outcome in try run(.wrongTriangleOfTheFactor).cases {
            #expect(outcome.findings.failed.contains(.factor), "\(outcome.name)")
        }
        for outcome in try run(.wrongTriangleOfTheGram).cases {
            #expect(outcome.findings.failed.contains(.gram), "\(outcome.name)")
        }
    }

    @Test func aDroppedDamping() throws {
        // The factor says that it was damped, and is not.
        for (name, failed) in failed(try run(.droppedDamping)) { #expect(failed.first == .factor, "\(name)") }
        for (name, failed) in failed(try run(.dampingLeftInTheLoss)) { #expect(failed == [.loss], "\(name)") }
    }

    @Test func aGroupBoundaryOneOff() throws {
        let rounded = failed(try run(.shiftedGroupsRounded))
        #expect(rounded["rounded"] == [.grids] && rounded["rounded in Double"] == [.grids])
        #expect(rounded["swept"] == [])
        let swept = failed(try run(.shiftedGroupsSwept))
        #expect(swept["swept"] == [.grids] && swept["swept in Double"] == [.grids])
        #expect(swept["rounded"] == [])
    }

    /// The sweep that the fault above is made of is right where its groups are: what was caught is the shift.
    @Test func thePlainSweepIsRightWithoutTheShift() throws {
        let example = Self.cases[2]
        let weight = example.weight.matrix(Double.self, out: example.out, in: example.inputs, seed: example.seed)
        let activations = example.source.activations(Double.self, inputs: example.inputs, seed: example.seed)
        let engine = AdaDimEngine()
        let factor = try engine.factor(engine.gram(activations: activations), example.options)
        let expected = try engine.quantize(weight, factor, example.options).quantized
        let sweep = PlainSweep(weight: weight, factor: factor.upper, options: example.options)
        #expect(sweep.quantized() == expected)
    }

    @Test func anAccumulationInSinglePrecision() throws {
        let losses = failed(try run(.singlePrecisionLoss))
        #expect(losses["swept in Double"] == [.loss] && losses["rounded in Double"] == [.loss])
        let grams = failed(try run(.singlePrecisionGram))
        #expect(grams["swept in Double"] == [.gram] && grams["rounded in Double"] == [.gram])
        #expect(grams["swept"] == [])
    }

    @Test func numbersThatAreNoneLetThrough() throws {
        for (fault, what) in [
            (FaultyEngine.Fault.ignoredNonFiniteWeight, "in the weight"),
            (.ignoredNonFiniteActivation, "in activations"),
        ] {
            let red = try run(fault).refusals.filter(\.isRed)
            #expect(red.count >= 3)
            #expect(red.allSatisfy { $0.record.name.contains(what) && $0.record.text == "nothing was refused" })
        }
        for (name, failed) in failed(try run(.lossOfNoNumber)) {
            #expect(failed.contains(.finite) && failed.contains(.loss), "\(name)")
        }
    }

    @Test func theLargerLossChosen() throws {
        #expect(failed(try run(.larger))["adaptive"]?.contains(.choice) == true)
    }

    /// Full ranges where searched ones were requested, which are among those that are tried, and ranges that may be none of them.
    @Test func aRangeThatIsNotTheBest() throws {
        for fault in [FaultyEngine.Fault.fullRangesForSearched, .narrowestRangesForSearched] {
            let found = failed(try run(fault))
            for name in ["searched", "searched per-ic"] {
                #expect(found[name]?.contains(.ranges) == true, "\(fault) \(name)")
            }
            #expect(found["swept"] == [] && found["refined"] == [])
        }
        #expect(failed(try run(.fullRangesForSearched))["searched"] == [.ranges])
    }

    /// A layer that is worse than before its passes, its loss reported rightly.
    @Test func passesThatRaiseTheLoss() throws {
        let found = failed(try run(.roundedForRefined))
        #expect(found["refined"] == [.refinement] && found["refined per-ic"] == [.refinement])
        #expect(found["swept"] == [])
    }

    /// Passes that forget the damping: they lower the loss of H alone.
    @Test func undampedPasses() throws {
        let found = failed(try run(.undampedPasses))
        #expect(found["refined, damped"] == [.refinement])
        #expect(found["refined per-ic"] == [] && found["swept"] == [])
    }

    /// Passes that were requested and do nothing.
    @Test func skippedPasses() throws {
        let found = failed(try run(.skippedPasses))
        for name in ["refined", "refined, damped", "refined per-ic"] {
            #expect(found[name] == [.refinement], "\(name)")
        }
        #expect(found["swept"] == [] && found["searched"] == [])
    }

    /// One code of a layer moved to its neighbour.
    @Test func oneCodeOff() throws {
        for (name, failed) in failed(try run(.oneCodeOff)) {
            #expect(failed.contains(.codes) && failed.contains(.loss), "\(name)")
        }
    }

    /// One element of a product wrong by little shows in the judge's own arithmetic.
    @Test func aWrongProductOfTheJudge() {
        let a = SyntheticWeight.normal.matrix(Double.self, out: 40, in: 50, seed: 1)
        let b = SyntheticWeight.normal.matrix(Double.self, out: 50, in: 30, seed: 2)
        var product = a.multiplied(by: b)
        #expect(CertifiedProduct(product, a, b, isTransposed: false).ratio <= 1)
        product[17, 23] *= 1 + 1e-9
        #expect(CertifiedProduct(product, a, b, isTransposed: false).ratio > 1)
        product[17, 23] = .nan
        #expect(CertifiedProduct(product, a, b, isTransposed: false).ratio > 1)
    }
}
