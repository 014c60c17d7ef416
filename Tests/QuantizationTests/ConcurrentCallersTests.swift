import AdaDimLinearAlgebra
import AdaDimQuantization
import Dispatch
import Synchronization
import Testing

@Suite(.serialized) struct ConcurrentCallersTests {
    /// Sizes at which products run on several threads and a factor has several blocks.
    @Test func whatACallerGetsIsTheSameWhateverOthersDo() throws {
        let before = BLASLibrary.threadCount
        defer { BLASLibrary.threadCount = before }
        BLASLibrary.threadCount = 2
        let layers = try (0..<8).map { seed in
            let layer = RandomLayer(out: 300 + 64 * seed, in: 600 + 16 * seed, tokens: 200, seed: UInt64(seed))
            var gram = try Gram<Float>(order: layer.weight.columns)
            try gram.accumulate(layer.activations.inFloat)
            return (weight: layer.weight.inFloat, gram: gram)
        }
        @Sendable func quantized(_ index: Int) throws -> LayerQuantization {
            try quantize(
                layers[index].weight, gram: layers[index].gram,
                options: .init(.fast) {
                    $0.grid.bits = 3
                    $0.grid.groupSize = 64
                    $0.direction = .adaptive(by: index % 2 == 0 ? .sweep : .roundToNearest)
                })
        }
        let alone = try layers.indices.map(quantized)
        for _ in 0..<3 {
            let together = Mutex<[Int: LayerQuantization]>([:])
            let group = DispatchGroup()
            for index in layers.indices {
                // Threads, not tasks of a pool that has no more of them than cores.
                DispatchQueue(label: "caller \(index)").async(group: group) {
                    if let result = try? quantized(index) { together.withLock { $0[index] = result } }
                }
            }
            group.wait()
            let found = together.withLock { $0 }
            for index in layers.indices {
                #expect(found[index]?.quantized == alone[index].quantized)
                #expect(found[index]?.loss == alone[index].loss)
                #expect(found[index]?.outputEnergy == alone[index].outputEnergy)
            }
        }
        #expect(BLASLibrary.threadCount == 2)
    }
}
