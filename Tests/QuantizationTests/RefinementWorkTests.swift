import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import Synchronization
import Testing

/// How passes are run: by panels, in both directions side by side, with progress and cancellation.
@Suite struct RefinementWorkTests {
    /// In Double, where sums in another order flip no code, panels give what the whole gives.
    @Test(arguments: Refinement.Parts.allCases, [16, 48, 140])
    func panelsGiveTheCodesOfTheWhole(_ parts: Refinement.Parts, _ groupSize: Int) throws {
        let random = RandomLayer(out: 300, in: 150, seed: 29)
        for dimension in ChannelDimension.allCases {
            for activationOrder in [false, true] {
                let layer = try RefinedLayer<Double>(
                    random.weight, activations: random.activations, UniformGrid(bits: 3), groupSize: groupSize,
                    dimension, activationOrder: activationOrder)
                let whole = try layer.refined(parts, passes: 2)
                let cut = try layer.refined(parts, passes: 2, panelBudget: 1)
                #expect(cut.quantized == whole.quantized)
                // Sums of the same squares in another order.
                let (found, expected) = (try #require(cut.refinedLoss), try #require(whole.refinedLoss))
                #expect(abs(found - expected) <= 1e-12 * whole.dampedLoss)

                // The same with the panels handed over one by one.
                let options = QuantizationOptions(.fast) {
                    $0.grid.bits = 3
                    $0.grid.groupSize = groupSize
                    $0.refinement = .init(parts: parts, passes: 2)
                    $0.factor.activationOrder = activationOrder
                    $0.direction = .fixed(dimension)
                }
                let quantizer = try LayerQuantizer(factor: layer.factor, options: options)
                var panelled = try PanelledLayer(rows: 300, columns: 150, panelRows: 100, quantizer: quantizer)
                var panels = 0
                while let rows = panelled.nextRows {
                    try panelled.add(random.weight.only(rows: rows))
                    panels += 1
                }
                #expect(panels >= 2)
                let finished = try panelled.finished()
                #expect(finished.quantized == whole.quantized)
                let losses = try #require(finished.losses[dimension])
                #expect(losses.refined == finished.loss)
                #expect(abs(finished.loss - expected) <= 1e-12 * whole.dampedLoss)
                #expect(abs((losses.gptq ?? 0) - whole.loss) <= 1e-12 * whole.dampedLoss)
            }
        }
    }

    /// Both directions in one pass are what each is by itself.
    @Test(arguments: Refinement.Parts.allCases, [16, 100, 200])
    func directionsDoNotDisturbEachOther(_ parts: Refinement.Parts, _ groupSize: Int) throws {
        let random = RandomLayer(out: 210, in: 300, seed: 3)
        let factor = try GramFactor(random.gram)
        let layouts = ChannelDimension.allCases.map {
            GroupLayout(rows: 210, columns: 300, groupSize: groupSize, dimension: $0)
        }
        let (grid, refinement) = (UniformGrid(bits: 3), Refinement(parts: parts, passes: 2))
        let both = try solve(random.weight, factor, grid, layouts, refinement: refinement)
        for (layout, found) in zip(layouts, both) {
            let alone = try solve(random.weight, factor, grid, [layout], refinement: refinement)[0]
            #expect(found.quantized == alone.quantized)
            #expect(
                abs((found.refinedLoss ?? .nan) - (alone.refinedLoss ?? .nan)) <= 1e-12 * alone.dampedLoss)
        }
    }

    /// An adaptive layer that sweeps both ways takes the smaller of the refined losses, and tells it: of a layer where the sweeps
    /// alone would choose the other direction.
    @Test func theRefinedLossesAreCompared() throws {
        var differing = 0
        for seed in 0..<60 as Range<UInt64> {
            let layer = RandomLayer(out: 66, in: 65, seed: seed)
            let result = try quantize(
                layer.weight, activations: layer.activations,
                options: .init(.fast) {
                    $0.grid.bits = 3
                    $0.grid.groupSize = 32
                    $0.refinement = .init(passes: 2)
                    $0.direction = .adaptive(by: .sweep)
                })
            let losses = try ChannelDimension.allCases.map { try #require(result.losses[$0]) }
            let swept = try losses.map { try #require($0.gptq) }
            let refined = try losses.map { try #require($0.refined) }
            #expect(result.loss == refined.min())
            #expect(losses.allSatisfy { (1...2).contains($0.passes ?? 0) })
            if (swept[0] < swept[1]) != (refined[0] < refined[1]) { differing += 1 }
        }
        #expect(differing > 0)
    }

    /// A call that is cancelled in its passes ends, and the next one gives what it gives.
    @Test(arguments: [16, 200], [false, true])
    func cancelledPassesEnd(_ groupSize: Int, _ activationOrder: Bool) throws {
        let random = RandomLayer(out: 200, in: 300, seed: 5)
        let options = QuantizationOptions(.fast) {
            $0.grid.bits = 3
            $0.grid.groupSize = groupSize
            $0.refinement = .init(passes: 5)
            $0.factor.activationOrder = activationOrder
            $0.direction = .fixed(.perOutputChannel)
        }
        let quantizer = try LayerQuantizer(gram: random.gram, options: options)
        let expected = try quantizer.quantize(random.weight)
        // The sweep is done after two products of thirteen and more.
        for share in [0.3, 0.6, 0.9] {
            let cancellation = Cancellation()
            let last = Mutex(0.0)
            #expect(throws: QuantizationError.cancelled) {
                try quantizer.quantize(random.weight, cancellation: cancellation) { done in
                    last.withLock { $0 = done }
                    if done >= share { cancellation.cancel() }
                }
            }
            #expect(last.withLock { $0 } < 1)
        }
        #expect(try quantizer.quantize(random.weight).quantized == expected.quantized)
    }

    /// The reported flops are those planned, whatever is refined, and where passes end early, too: the last share is 1, and it
    /// is reported once.
    @Test(arguments: Refinement.Parts.allCases, [(16, false), (200, false), (16, true)])
    func sharesReachOneAtTheEnd(_ parts: Refinement.Parts, _ grouping: (size: Int, activationOrder: Bool)) throws {
        let random = RandomLayer(out: 70, in: 300, seed: 7)
        for dimension in ChannelDimension.allCases {
            for passes in [2, 500] {
                let options = QuantizationOptions(.fast) {
                    $0.grid.bits = 3
                    $0.grid.groupSize = grouping.size
                    $0.refinement = .init(parts: parts, passes: passes)
                    $0.factor.activationOrder = grouping.activationOrder
                    $0.direction = .fixed(dimension)
                }
                let quantizer = try LayerQuantizer(gram: random.gram, options: options)
                let shares = Mutex<[Double]>([])
                _ = try quantizer.quantize(random.weight) { share in shares.withLock { $0.append(share) } }
                let told = shares.withLock { $0 }
                #expect(told == told.sorted() && abs(1 - (told.last ?? 0)) < 1e-9, "\(dimension), \(passes) passes")
                #expect(told.count { $0 > 1 - 1e-9 } == 1, "\(dimension), \(passes) passes")
                // Five hundred passes of three blocks each are never needed.
                if passes == 500 { #expect(told.count < 900) }
            }
        }
    }
}
