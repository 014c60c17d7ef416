import AdaDimCheckpoint
import AdaDimPipeline
import AdaDimQuantization
import Foundation
import Testing

@Suite struct MemoryEstimateTests {
    private let scratch: Scratch
    private let configuration: ModelConfiguration
    private var job: QuantizationJob

    init() throws {
        scratch = try Scratch()
        let directory = try scratch.copyOfModel("llama")
        var configuration = try Checkpoint(directory: directory).configuration
        // SmolLM2 135M.
        configuration.hiddenSize = 576
        configuration.intermediateSize = 1536
        configuration.attentionHeads = 9
        configuration.keyValueHeads = 3
        configuration.headDimension = 64
        self.configuration = configuration
        job = QuantizationJob(model: directory, output: scratch.url, calibration: scratch.url)
        job.samples = 8
        job.sequenceLength = 512
    }

    private func bytes(threads: Int = 2, _ change: (inout QuantizationJob) -> Void = { _ in }) throws -> Double {
        var job = job
        change(&job)
        let plan = try LayerPlan(job, blockCount: configuration.blockCount)
        return try MemoryEstimate(configuration, job, plan, threads: threads).bytes
    }

    /// `/usr/bin/time -f %M adadim quantize` on SmolLM2 135M, sequences of 512 tokens, two threads, in MB of which 40
    /// are the program's.
    @Test(
        arguments: [
            (8, .quantized, .roundToNearest, false, 163.4), (8, .original, .roundToNearest, false, 164.6),
            (8, .quantized, .sweep, false, 167.6), (8, .quantized, .roundToNearest, true, 162.2),
            (8, .original, .sweep, true, 167.6), (64, .quantized, .roundToNearest, false, 476.3),
            (64, .original, .roundToNearest, true, 478.4),
        ] as [(Int, QuantizationJob.Propagation, QuantizationOptions.Selection, Bool, Double)])
    func asMuchAsWasMeasured(
        _ samples: Int, _ propagation: QuantizationJob.Propagation, _ selection: QuantizationOptions.Selection,
        _ activationOrder: Bool, _ measured: Double
    ) throws {
        let share =
            try bytes {
                $0.samples = samples
                $0.propagation = propagation
                $0.selection = selection
                $0.activationOrder = activationOrder
            } / ((measured - 40) * 1e6)
        #expect(share >= 0.8 && share <= 1.5, "\(share)")
    }

    @Test func whatTakesMoreIsEstimatedAtMore() throws {
        let tokens = 8.0 * 512
        let (once, twice) = (try bytes(), try bytes { $0.samples = 16 })
        #expect(twice >= once + tokens * 4 * 576)
        // With one sequence, quantizing down needs most.
        func few(_ change: (inout QuantizationJob) -> Void = { _ in }) throws -> Double {
            try bytes {
                $0.samples = 1
                change(&$0)
            }
        }
        let plain = try few()
        let square = 4.0 * 1536 * 1536
        #expect(try few { $0.skip = ["[qkvogu]*_proj"] } == plain)
        #expect(try few { $0.skip = ["down_proj"] } < plain)
        #expect(try few { $0.propagation = .original } > plain)
        #expect(try few { $0.selection = .sweep } > plain)
        // The Gram matrix of down's inputs a second time, while it is sorted.
        #expect(try few { $0.activationOrder = true } == plain + square)
        // One of four is sorted at a time; those that became factors are gone by then.
        let original = try few { $0.propagation = .original }
        let sorted = try few {
            $0.propagation = .original
            $0.activationOrder = true
        }
        #expect(sorted > original && sorted <= original + square)
    }

    /// Where only block 0 is quantized, the next one is not read; its weights are 3 hidden · intermediate, q and o, k
    /// and v.
    @Test func nothingIsCountedThatIsNotHeld() throws {
        let block = Double(4 * 576 * (3 * 1536 + 2 * 576 + 2 * 192))
        let whole = try bytes()
        let first = try bytes { $0.skip = ["model.layers.1.*"] }
        #expect(whole - first == 1.5 * block)
    }

    /// Side by side, each batch has its own queries, gates and so on.
    @Test func batchesSideBySideCount() throws {
        func many(_ threads: Int) throws -> Double {
            try bytes(threads: threads) {
                $0.samples = 128
                $0.skip = ["down_proj"]
            }
        }
        #expect(try many(2) > many(1))
        // More threads than batches: one after another.
        #expect(try many(64) == many(1))
    }

    @Test func hugeNumbersAreCounted() throws {
        #expect(try bytes { $0.samples = .max } > 1e20)
        #expect(
            try bytes {
                $0.samples = .max
                $0.sequenceLength = .max
            } > 1e40)
    }
}
