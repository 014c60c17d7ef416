import AdaDimQuantization
import Testing

@Suite struct RowPanelsTests {
    struct Case: Sendable {
        let rows: Int, alignment: Int, bytesPerRow: Int, threads: Int, heights: [Int]
        var atOnce: Int?
    }

    @Test(arguments: [
        // One thread: one panel, unless memory cuts it.
        Case(rows: 4096, alignment: 1, bytesPerRow: 16384, threads: 1, heights: [4096]),
        Case(rows: 4096, alignment: 1, bytesPerRow: 262_144, threads: 1, heights: [1024, 1024, 1024, 1024]),
        // Two to a thread where they are high, else one.
        Case(rows: 4096, alignment: 1, bytesPerRow: 16384, threads: 2, heights: [1024, 1024, 1024, 1024], atOnce: 2),
        Case(rows: 1000, alignment: 1, bytesPerRow: 16384, threads: 2, heights: [512, 488]),
        // Whole groups, a shorter last one.
        Case(rows: 1000, alignment: 96, bytesPerRow: 16384, threads: 2, heights: [576, 424]),
        Case(rows: 192, alignment: 64, bytesPerRow: 2304, threads: 2, heights: [128, 64]),
        // More threads than units of rows: all of them on one panel.
        Case(rows: 1000, alignment: 1000, bytesPerRow: 16384, threads: 2, heights: [1000]),
        Case(rows: 512, alignment: 128, bytesPerRow: 16384, threads: 64, heights: [512], atOnce: 1),
        // … one after another where memory cuts it: a giant layer's two sweeps on a server.
        Case(
            rows: 2048, alignment: 128, bytesPerRow: 425_984, threads: 64, heights: [512, 512, 512, 512], atOnce: 1),
        Case(
            rows: 8192, alignment: 128, bytesPerRow: 16384, threads: 64, heights: Array(repeating: 128, count: 64),
            atOnce: 64),
        Case(rows: 1, alignment: 1, bytesPerRow: 4, threads: 8, heights: [1]),
        // A single group's memory may exceed the budget.
        Case(rows: 100, alignment: 100, bytesPerRow: 1 << 30, threads: 1, heights: [100]),
    ])
    func rowsAreCut(_ example: Case) {
        let panels = RowPanels(
            rows: example.rows, alignment: example.alignment, bytesPerRow: example.bytesPerRow,
            threads: example.threads)
        #expect(panels.ranges.map(\.count) == example.heights)
        #expect(panels.ranges.flatMap { Array($0) } == Array(0..<example.rows))
        #expect(panels.ranges.allSatisfy { $0.lowerBound % example.alignment == 0 })
        if let atOnce = example.atOnce { #expect(panels.atOnce == atOnce) }
    }
}
