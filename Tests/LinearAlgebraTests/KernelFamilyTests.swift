import AdaDimLinearAlgebra
import Testing

/// Which of OpenBLAS's kernels a processor is given in place of those that it got.
@Suite struct KernelFamilyTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let processor: Processor
        let answering: String
        let better: [String]

        var testDescription: String { "\(name) with \(answering)" }
    }

    static let emeraldRapids = Processor(instructions: .avx512, hasBFloat16: true)
    static let cascadeLake = Processor(instructions: .avx512)
    static let zen5 = Processor(instructions: .avx512, hasBFloat16: true, isAMD: true)
    static let zen2 = Processor(instructions: .avx2, isAMD: true)

    @Test(arguments: [
        // OpenBLAS 0.3.21 knows neither of the first two.
        Case(
            name: "Emerald Rapids", processor: emeraldRapids, answering: "Prescott",
            better: ["Cooperlake", "SkylakeX", "Haswell", "Sandybridge"]),
        Case(
            name: "Zen 5", processor: zen5, answering: "Barcelona",
            better: ["Cooperlake", "SkylakeX", "Zen", "Sandybridge"]),
        Case(name: "Cascade Lake", processor: cascadeLake, answering: "Haswell", better: ["SkylakeX"]),
        Case(name: "Zen 4", processor: zen5, answering: "Zen", better: ["Cooperlake", "SkylakeX"]),
        Case(name: "Zen 2", processor: zen2, answering: "Excavator", better: ["Zen"]),
        Case(
            name: "Haswell", processor: Processor(instructions: .avx2), answering: "Nehalem",
            better: ["Haswell", "Sandybridge"]),
        // Float32 products use no more of a processor with bfloat16.
        Case(name: "Emerald Rapids", processor: emeraldRapids, answering: "SkylakeX", better: []),
        Case(name: "Emerald Rapids", processor: emeraldRapids, answering: "SapphireRapids", better: []),
        Case(name: "Zen 2", processor: zen2, answering: "Haswell", better: []),
        Case(name: "an old one", processor: Processor(instructions: .sse), answering: "Prescott", better: []),
        // A family of a newer OpenBLAS, and a processor of another kind.
        Case(name: "Emerald Rapids", processor: emeraldRapids, answering: "GraniteRapids", better: []),
        Case(name: "AArch64", processor: Processor(instructions: nil), answering: "NEOVERSEN1", better: []),
    ])
    func betterKernelsUseMoreOfTheProcessor(_ test: Case) {
        #expect(KernelFamily.better(than: test.answering, on: test.processor) == test.better)
    }

    /// OpenBLAS must know every family of this table, and a suitable family never needs a better one.
    @Test(arguments: [emeraldRapids, cascadeLake, zen5, zen2, Processor(instructions: .avx)])
    func theBestSuitableFamilyIsEnough(_ processor: Processor) throws {
        let best = try #require(KernelFamily.suitable(for: processor).first)
        #expect(KernelFamily.instructions(of: best) == processor.instructions)
        #expect(KernelFamily.better(than: best, on: processor).isEmpty)
    }

    /// A family that was requested and is not used is not in the library, nor is a better one.
    @Test func whatIsLeftToAskFor() {
        let better = KernelFamily.better(than: "Prescott", on: Self.emeraldRapids)
        func untried(after asked: String?) -> [String] { KernelFamily.untried(of: better, after: asked) }
        for asked in [nil, "Prescott", "Zen"] { #expect(untried(after: asked) == better) }
        #expect(untried(after: "Cooperlake") == ["SkylakeX", "Haswell", "Sandybridge"])
        #expect(untried(after: "haswell") == ["Sandybridge"])
        #expect(untried(after: "Sandybridge") == [])
    }

    @Test func aMarkerIsReadAsItWasWritten() {
        let marker = RestartMarker(replaced: "Prescott", tried: ["Cooperlake", "SkylakeX"])
        #expect(marker.text == "Prescott>Cooperlake,SkylakeX")
        #expect(RestartMarker(marker.text) == marker)
        for text in ["", ">", ">Zen", "Prescott", "a>b>c"] { #expect(RestartMarker(text) == nil, "\(text)") }
    }

    /// What runs these tests has the linked OpenBLAS, and says what it is.
    @Test func theReportNamesTheLibrary() {
        let report = BLASLibrary.report
        #expect(report.library?.contains("openblas") == true && !report.isForeign)
        #expect(report.kernels == BLASLibrary.coreName)
        #expect(
            report.isBelowProcessor
                == !KernelFamily.better(than: BLASLibrary.coreName, on: .current).isEmpty)
    }
}
