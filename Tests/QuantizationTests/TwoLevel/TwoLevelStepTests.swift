import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import Testing

/// Passes over two-level grids: scales stay on their lattice, and no pass raises the loss.
@Suite struct TwoLevelStepTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let type: TwoLevelType
        let activationOrder: Bool
        var testDescription: String { "\(type.rawValue)\(activationOrder ? " in activation order" : "")" }
    }

    static let cases = TwoLevelType.allCases.flatMap { type in
        [false, true].map { Case(type: type, activationOrder: $0) }
    }

    @Test(arguments: cases, Refinement.Parts.allCases)
    func passesNeverRaiseTheLoss(_ example: Case, _ parts: Refinement.Parts) throws {
        for damping in example.activationOrder ? [0.2] : [0.01] {
            try expectPassesToHold(example, parts, Double.self, damping: damping, tolerance: 1e-11)
            // Terms of E·H carry (in + 8)·eps of what they are made of, some 1e-4 of the loss here.
            try expectPassesToHold(example, parts, Float.self, damping: damping, tolerance: 1e-4)
        }
    }

    private func expectPassesToHold<S: RealScalar>(
        _ example: Case, _ parts: Refinement.Parts, _: S.Type, damping: Double, tolerance: Double
    ) throws {
        let random = RandomLayer(out: 19, in: 512, seed: 41)
        let layer = try RefinedLayer<S>(
            random.weight, activations: random.activations, UniformGrid(example.type),
            groupSize: example.type.groupSize, .perOutputChannel, activationOrder: example.activationOrder,
            dampingShare: damping)
        let start = layer.state(try layer.refined(parts, passes: 0).quantized)
        var before = start
        for passes in 1...3 {
            let solved = try layer.refined(parts, passes: passes)
            let after = layer.state(solved.quantized)
            #expect(isOnLattice(solved.quantized))
            #expect(after.dampedLoss <= before.dampedLoss * (1 + tolerance), "pass \(passes), \(parts), \(S.self)")
            // The reported loss is that of what is stored.
            let reported = try #require(solved.refinedLoss)
            #expect(abs(reported - after.loss) <= layer.lossBound(after))
            if parts == .codes { #expect(solved.quantized.twoLevel == start.quantized.twoLevel) }
            if parts == .scales { #expect(solved.quantized.codes == start.quantized.codes) }
            before = after
        }
        // There was something to find.
        #expect(before.dampedLoss < 0.999 * start.dampedLoss, "\(parts), \(S.self)")
    }

    /// After passes over scales that changed nothing more, no neighbour of any sc or m loses less.
    @Test(arguments: cases)
    func theEndIsAMinimum(_ example: Case) throws {
        let random = RandomLayer(out: 12, in: 256, seed: 6)
        let layer = try RefinedLayer<Double>(
            random.weight, activations: random.activations, UniformGrid(example.type),
            groupSize: example.type.groupSize, .perOutputChannel, activationOrder: example.activationOrder)
        let solved = try layer.refined(.scales, passes: 200)
        #expect(solved.passes < 200)
        let end = layer.state(solved.quantized)
        let grids = try #require(solved.quantized.twoLevel)
        for i in 0..<12 {
            for group in 0..<grids.scales.columns {
                for (a, b) in [(1, 0), (-1, 0), (0, 1), (0, -1)] {
                    let (sc, m) = (Int(grids.scales[i, group]) + a, Int(grids.offsets?[i, group] ?? 0) + b)
                    guard grids.type.scaleRange.contains(sc), (0...grids.type.largestOffset).contains(m) else {
                        continue
                    }
                    var (scales, offsets) = (grids.scales, grids.offsets)
                    scales[i, group] = Int8(sc)
                    offsets?[i, group] = UInt8(m)
                    let changed = TwoLevelScales(
                        grids.type, superScales: grids.superScales, superOffsets: grids.superOffsets, scales: scales,
                        offsets: offsets)
                    let other = layer.state(QuantizedMatrix(codes: solved.quantized.codes, twoLevel: changed))
                    #expect(other.dampedLoss >= end.dampedLoss * (1 - 1e-9), "row \(i), group \(group), \(a), \(b)")
                }
            }
        }
    }
}
