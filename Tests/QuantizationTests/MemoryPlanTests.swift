import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import Testing

@Suite struct MemoryPlanTests {
    /// Counted by hand: one thread, one panel of all 256 rows, two sweeps side by side.
    @Test func everyPartIsCounted() throws {
        let plan = try MemoryPlan(
            rows: 256, columns: 1024, tokensAtOnce: 100,
            options: .init(.fast) {
                $0.grid.groupSize = 128
                $0.direction = .adaptive(by: .sweep)
            }, threads: 1)
        #expect(plan.panelRows == 256)
        #expect(plan.gram == 1024 * 1024 * 4)
        #expect(plan.activations == 1024 * 100 * 4)
        #expect(plan.weight == 256 * 1024 * 4)
        #expect(plan.workspace == 2 * 256 * 1024 * 4)
        // Codes of both directions; 256·8 and 2·1024 groups of two Floats while found, one Float and one byte as kept.
        #expect(plan.codes == 2 * 256 * 1024 + 2 * 2048 * 13)
        #expect(plan.total == plan.gram + plan.activations + plan.weight + plan.workspace + plan.codes)
    }

    /// Counted by hand: beside a row's 1024 sums three blocks of 128 for it, H's blocks in two forms, and where per-OC groups lie
    /// scattered, by order or by width, the columns of H that are gathered for one of them.
    @Test func passesAreCounted() throws {
        func work(_ dimension: ChannelDimension, order: Bool = false, groupSize: Int = 128) throws -> Int {
            try MemoryPlan(
                rows: 256, columns: 1024,
                options: .init(.fast) {
                    $0.grid.groupSize = groupSize
                    $0.refinement = .init(passes: 2)
                    $0.factor.activationOrder = order
                    $0.direction = .fixed(dimension)
                },
                threads: 1
            ).workspace
        }
        let plain = 256 * (1024 + 3 * 128) * 4 + 2 * 1024 * 128 * 4
        let gathered = 1024 * 128 * 4
        #expect(try work(.perInputChannel) == plain)
        #expect(try work(.perInputChannel, order: true) == plain)
        #expect(try work(.perInputChannel, groupSize: 256) == plain)
        #expect(try work(.perOutputChannel) == plain)
        #expect(try work(.perOutputChannel, order: true) == plain + gathered)
        #expect(try work(.perOutputChannel, groupSize: 256) == plain + gathered)
    }

    /// The second Gram matrix is there while H is sorted, work and codes come after: the larger of the two counts.
    @Test(arguments: [64, 4096])
    func activationOrderSortsIntoASecondGram(_ rows: Int) throws {
        let plain = try MemoryPlan(rows: rows, columns: 512, options: .fast, threads: 1)
        let ordered = try MemoryPlan(
            rows: rows, columns: 512, options: .init(.fast) { $0.factor.activationOrder = true }, threads: 1)
        #expect(plain.sorted == 0 && ordered.sorted == 512 * 512 * 4)
        #expect(ordered.gram == plain.gram && ordered.workspace == plain.workspace && ordered.codes == plain.codes)
        let fewRows = rows == 64
        #expect((ordered.sorted > plain.workspace + plain.codes) == fewRows)
        #expect(ordered.total == (fewRows ? plain.total - plain.workspace - plain.codes + ordered.sorted : plain.total))
    }

    /// More weights to a group than any channel has: a group is a channel.
    @Test(arguments: [nil, .fixed(.perOutputChannel), .fixed(.perInputChannel)] as [QuantizationOptions.Direction?])
    func theLargestGroupIsAChannel(_ dimension: QuantizationOptions.Direction?) throws {
        for selection in [QuantizationOptions.Selection.roundToNearest, .sweep] {
            var options = QuantizationOptions(.fast) {
                $0.grid.groupSize = .max
                $0.direction = dimension ?? .adaptive(by: selection)
            }
            let largest = try MemoryPlan(rows: 96, columns: 160, panelRows: 32, options: options, threads: 2)
            options.grid.groupSize = nil
            #expect(largest == (try MemoryPlan(rows: 96, columns: 160, panelRows: 32, options: options, threads: 2)))
            #expect(largest.panelRows == (dimension == .fixed(.perOutputChannel) ? 32 : 96))
        }
    }

    @Test func panelsHoldWholeGroups() throws {
        let options = QuantizationOptions(.fast) { $0.grid.groupSize = 96 }
        #expect(try MemoryPlan(rows: 1000, columns: 64, panelRows: 100, options: options).panelRows == 192)
        #expect(try MemoryPlan(rows: 100, columns: 64, panelRows: 97, options: options).panelRows == 100)
    }

    /// Llama-3-405B's down projection: H alone is 11.3 GB. Whole it does not fit in 16 GB, in panels it does.
    @Test func aGiantLayerFitsInPanelsOnly() throws {
        let options = QuantizationOptions(.fast) { $0.direction = .adaptive(by: .sweep) }
        let whole = try MemoryPlan(rows: 16384, columns: 53248, tokensAtOnce: 16384, options: options, threads: 2)
        #expect(whole.gram == 53248 * 53248 * 4)
        #expect {
            try whole.check(available: 16_000_000_000)
        } throws: {
            // H 11.34 GB, activations and weight 3.49 GB each, 0.44 GB for each thread's sweeps, codes twice 0.87 GB.
            "\($0)".hasPrefix("a layer [16384, 53248] needs 20.") && "\($0)".contains("may use 16.00 GB")
        }
        let panels = try MemoryPlan(
            rows: 16384, columns: 53248, tokensAtOnce: 1024, panelRows: 2048, options: options, threads: 2)
        try panels.check(available: 16_000_000_000)
        #expect(panels.total > 13_800_000_000)
    }

    @Test func whatFitsIsNotRefused() throws {
        let plan = try MemoryPlan(rows: 64, columns: 64)
        try plan.check(available: plan.total)
        try plan.check()
        #expect(
            throws: QuantizationError.notEnoughMemory(
                needed: plan.total, available: plan.total - 1, rows: 64, columns: 64)
        ) { try plan.check(available: plan.total - 1) }
    }

    @Test func shapesBeyondAnyMemory() {
        #expect(throws: QuantizationError.tooLargeToCount(rows: 1, columns: 1 << 40)) {
            try MemoryPlan(rows: 1, columns: 1 << 40)
        }
        #expect(throws: QuantizationError.emptyWeight(rows: 0, columns: 4)) { try MemoryPlan(rows: 0, columns: 4) }
    }

    @Test func theMachineTellsItsMemory() throws {
        let bytes = try #require(MachineMemory.bytes)
        #expect(bytes > 64 << 20)
    }
}
