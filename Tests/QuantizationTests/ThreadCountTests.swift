import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import Dispatch
import Synchronization
import Testing

/// The number of threads may be set at any time, by another thread, while a layer is quantized.
@Suite(.serialized) struct ThreadCountTests {
    private func withThreads<Result>(_ count: Int, _ body: () throws -> Result) rethrows -> Result {
        let before = BLASLibrary.threadCount
        defer { BLASLibrary.threadCount = before }
        BLASLibrary.threadCount = count
        return try body()
    }

    /// Layers whose panels go side by side, one with too few rows for that, one with a group longer than a block, and passes.
    private static let variants: [(rows: Int, options: QuantizationOptions)] = [
        (
            256,
            .init(.fast) {
                $0.grid.bits = 3
                $0.grid.groupSize = 64
                $0.direction = .fixed(.perOutputChannel)
            }
        ),
        (
            60,
            .init(.fast) {
                $0.grid.bits = 4
                $0.grid.groupSize = 32
                $0.factor.activationOrder = true
                $0.direction = .adaptive(by: .sweep)
            }
        ),
        (
            700,
            .init(.fast) {
                $0.grid.bits = 3
                $0.grid.groupSize = nil
                $0.refinement = .init(passes: 1)
                $0.direction = .adaptive(by: .sweep)
            }
        ),
        (
            256,
            .init(.fast) {
                $0.grid.bits = 2
                $0.grid.groupSize = 16
                $0.grid.ranges = .search
                $0.method = .roundToNearest
            }
        ),
        (
            256,
            .init(.fast) {
                $0.grid.bits = 3
                $0.grid.groupSize = 128
                $0.grid.ranges = .search
                $0.refinement = .init(passes: 2)
                $0.factor.activationOrder = true
            }
        ),
    ]

    @Test func aCountThatChangesMeanwhileEndsNothing() throws {
        try withThreads(2) {
            let layers = try Self.variants.enumerated().map { index, variant in
                let layer = RandomLayer(out: variant.rows, in: 150, tokens: 400, seed: UInt64(index))
                var gram = try Gram<Float>(order: 150)
                try gram.accumulate(layer.activations.inFloat)
                return (weight: layer.weight.inFloat, gram: gram, options: variant.options)
            }
            let alone = try layers.map { try quantize($0.weight, gram: $0.gram, options: $0.options) }
            let isDone = Atomic<Bool>(false)
            let calls = Atomic<Int>(0)
            let toggling = DispatchGroup()
            DispatchQueue(label: "toggling").async(group: toggling) {
                var rounds = 0
                while rounds < 1000 || calls.load(ordering: .relaxed) < 250 {
                    rounds += 1
                    BLASLibrary.threadCount = 1
                    BLASLibrary.threadCount = 2
                }
                isDone.store(true, ordering: .relaxed)
            }
            defer {
                // Where a call has failed there will not be as many.
                calls.store(250, ordering: .relaxed)
                toggling.wait()
            }
            while !isDone.load(ordering: .relaxed) {
                for (layer, alone) in zip(layers, alone) {
                    let found = try quantize(layer.weight, gram: layer.gram, options: layer.options)
                    // Sums in another order round some codes to the other side of a tie, and what follows in their rows with them.
                    #expect(abs(found.loss - alone.loss) <= 0.02 * alone.loss)
                    #expect(abs(found.outputEnergy - alone.outputEnergy) <= 1e-5 * alone.outputEnergy)
                    calls.add(1, ordering: .relaxed)
                }
            }
        }
    }

    /// A caller's own reading counts, larger or smaller than what is set by the time that the work begins.
    @Test(arguments: [1, 2, 3], [1, 2])
    func panelsAreCutByTheReadingHandedDown(_ read: Int, _ set: Int) throws {
        let layer = RandomLayer(out: 300, in: 150, seed: 29)
        let (factor, grid) = (try GramFactor(layer.gram), UniformGrid(bits: 3))
        let layouts = ChannelDimension.allCases.map {
            GroupLayout(rows: 300, columns: 150, groupSize: 16, dimension: $0)
        }
        let expected = try withThreads(1) { try solve(layer.weight, factor, grid, layouts) }
        try withThreads(set) {
            let found = try solve(layer.weight, factor, grid, layouts, threads: read)
            for (found, expected) in zip(found, expected) {
                #expect(found.quantized == expected.quantized)
                #expect(abs(found.loss - expected.loss) <= 1e-12 * expected.loss)
            }
            let energy = try factor.loss(layer.weight, threads: read)
            #expect(abs(energy - (try factor.loss(layer.weight, threads: 1))) <= 1e-12 * energy)
        }
    }
}
