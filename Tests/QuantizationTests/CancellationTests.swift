import AdaDimLinearAlgebra
import AdaDimQuantization
import Synchronization
import Testing

@Suite struct CancellationTests {
    @Test(arguments: [QuantizationOptions.Selection.roundToNearest, .sweep], [0.0, 0.3, 0.7])
    func aLayerStopsAndTheNextOneDoesNot(_ selection: QuantizationOptions.Selection, _ share: Double) throws {
        let layer = RandomLayer(out: 200, in: 300, seed: 5)
        let quantizer = try LayerQuantizer(
            gram: layer.gram,
            options: .init(.fast) {
                $0.grid.groupSize = 32
                $0.direction = .adaptive(by: selection)
            })
        let expected = try quantizer.quantize(layer.weight)
        let cancellation = Cancellation()
        let last = Mutex(0.0)
        #expect(throws: QuantizationError.cancelled) {
            try quantizer.quantize(layer.weight, cancellation: cancellation) { done in
                last.withLock { $0 = done }
                if done >= share { cancellation.cancel() }
            }
        }
        #expect(last.withLock { $0 } < 1)
        #expect(try quantizer.quantize(layer.weight).quantized == expected.quantized)
    }

    @Test func aFactorStops() throws {
        let layer = RandomLayer(out: 2, in: 600, tokens: 700, seed: 6)
        let cancellation = Cancellation()
        var shares: [Double] = []
        #expect(throws: QuantizationError.cancelled) {
            try LayerQuantizer(gram: layer.gram, options: .init(.fast), cancellation: cancellation) {
                shares.append($0)
                cancellation.cancel()
            }
        }
        #expect(shares.count == 1 && shares[0] < 1)
    }

    @Test func sharesNeverFallAndComeOneAtATime() throws {
        let layer = RandomLayer(out: 1200, in: 300, tokens: 400, seed: 7)
        let quantizer = try LayerQuantizer(gram: layer.gram, options: .init(.fast) { $0.grid.groupSize = 32 })
        let inside = Atomic(0)
        let overlaps = Atomic(0)
        let shares = Mutex<[Double]>([])
        _ = try quantizer.quantize(layer.weight) { share in
            if inside.add(1, ordering: .relaxed).newValue > 1 { overlaps.add(1, ordering: .relaxed) }
            shares.withLock { $0.append(share) }
            inside.subtract(1, ordering: .relaxed)
        }
        let told = shares.withLock { $0 }
        #expect(told.count >= 5 && told == told.sorted() && abs(1 - (told.last ?? 0)) < 1e-9, "\(told)")
        #expect(overlaps.load(ordering: .relaxed) == 0)
    }
}
