import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import Testing

/// Passes over a swept weight: what they may change, and that they never raise the loss that they minimize, the damped one.
@Suite struct RefinementTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let out: Int, inputs: Int, groupSize: Int?, bits: Int
        let symmetric: Bool, activationOrder: Bool, ranges: RangeRule, damping: Double
        var grid: UniformGrid { UniformGrid(bits: bits, isSymmetric: symmetric, ranges: ranges) }
        var testDescription: String {
            "[\(out), \(inputs)] g \(groupSize.map(String.init) ?? "channel") \(bits) bits"
                + (symmetric ? " symmetric" : "") + (activationOrder ? " in activation order" : "")
                + " \(ranges) damped by \(damping)"
        }
    }

    /// Rectangular both ways; groups with tails, of one weight, wider than a block, and the whole channel. Of every group
    /// size there are all bits, symmetric ones and not, both orders, both rules for ranges.
    static let cases: [Case] = {
        var cases: [Case] = []
        for size in straddlingSizes {
            for (out, inputs) in [(size, 65), (65, size), (size, size)] where out * inputs <= 150 * 500 {
                for (index, groupSize) in [16, 48, 128, 200, nil, 1, 33].enumerated() {
                    let number = cases.count
                    cases.append(
                        Case(
                            out: out, inputs: inputs, groupSize: groupSize,
                            bits: QuantizationOptions.Grid.supportedBits[(size + index) % 4],
                            symmetric: number % 3 == 1,
                            activationOrder: number % 2 == 1, ranges: number % 5 < 3 ? .full : .search,
                            damping: [0.01, 0.001, 0.2][(number + index) % 3]))
                }
            }
        }
        // Wide groups with tails, in both orders, where there is more than one of them.
        for (groupSize, activationOrder) in [(200, false), (200, true), (nil, false), (nil, true)] {
            cases.append(
                Case(
                    out: 66, inputs: 500, groupSize: groupSize, bits: 2, symmetric: false,
                    activationOrder: activationOrder, ranges: .full, damping: 0.1))
        }
        return cases
    }()

    @Test(arguments: cases, ChannelDimension.allCases)
    func passesNeverRaiseTheLoss(_ example: Case, _ dimension: ChannelDimension) throws {
        let random = RandomLayer(out: example.out, in: example.inputs, seed: 19)
        func layer<S: RealScalar>(in _: S.Type) throws -> RefinedLayer<S> {
            try RefinedLayer(
                random.weight, activations: random.activations, example.grid, groupSize: example.groupSize, dimension,
                activationOrder: example.activationOrder, dampingShare: example.damping)
        }
        let (double, single) = (try layer(in: Double.self), try layer(in: Float.self))
        for parts in Refinement.Parts.allCases {
            let end = try expectPassesToHold(double, parts, activations: random.activations)
            _ = try expectPassesToHold(single, parts, activations: nil)
            // Passes must find something to improve in a layer of some size, unless damping is so large that its columns hardly
            // depend on each other.
            if parts != .scales && min(example.inputs, example.out) >= 31
                && example.groupSize != 1
            {
                #expect(end.loss < end.sweptLoss, "\(parts)")
            }
        }
    }

    /// Three passes, each compared with the one before.
    /// - Returns: the damped loss after them and before.
    private func expectPassesToHold<S>(
        _ layer: RefinedLayer<S>, _ parts: Refinement.Parts, activations: Matrix<Double>?
    ) throws -> (loss: Double, sweptLoss: Double) {
        let swept = try layer.refined(parts, passes: 0)
        #expect(swept.refinedLoss == nil)
        var before = layer.state(swept.quantized)
        let sweptLoss = before.dampedLoss
        for passes in 1...3 {
            let refined = try layer.refined(parts, passes: passes)
            let place = Comment(rawValue: "\(S.self), \(parts.rawValue), pass \(passes)")
            #expect(refined.loss == swept.loss && refined.dampedLoss == swept.dampedLoss, place)
            let after = layer.state(refined.quantized)
            #expect(after.dampedLoss <= before.dampedLoss + layer.passBound(before, after), place)
            let reported = try #require(refined.refinedLoss)
            #expect(abs(reported - after.loss) <= layer.lossBound(after), place)
            if let activations {
                // The same by the activations themselves: sums of as many terms as there are tokens, too.
                let defined = definedLoss(layer.w, after.q, activations)
                let bound = layer.lossBound(after) * Double(activations.columns) / Double(layer.layout.columns)
                #expect(abs(reported - defined) <= bound, place)
            }
            expectStorable(refined.quantized, layer.grid, place)
            expectUnchanged(refined.quantized, swept.quantized, parts, place)
            before = after
        }
        return (before.dampedLoss, sweptLoss)
    }

    /// Scales are positive numbers of their type, codes and zero points of so many bits.
    private func expectStorable(_ quantized: QuantizedMatrix, _ grid: UniformGrid, _ place: Comment) {
        let scales = quantized.scales.columnMajorElements
        #expect(scales.allSatisfy { $0 > 0 && $0.isFinite && grid.scaleType.round($0) == $0 }, place)
        #expect(quantized.codes.columnMajorElements.allSatisfy { Int($0) <= grid.largestCode }, place)
        #expect(quantized.zeroPoints.columnMajorElements.allSatisfy { Int($0) <= grid.largestCode }, place)
        if grid.isSymmetric {
            #expect(quantized.zeroPoints.columnMajorElements.allSatisfy { $0 == 1 << (grid.bits - 1) }, place)
        }
    }

    /// What a pass must leave alone.
    private func expectUnchanged(
        _ refined: QuantizedMatrix, _ swept: QuantizedMatrix, _ parts: Refinement.Parts, _ place: Comment
    ) {
        switch parts {
        case .codes: #expect(refined.scales == swept.scales && refined.zeroPoints == swept.zeroPoints, place)
        case .scales: #expect(refined.codes == swept.codes && refined.zeroPoints == swept.zeroPoints, place)
        case .both:
            // Per-IC a group may get a grid anew, zero point and all.
            if refined.dimension == .perOutputChannel { #expect(refined.zeroPoints == swept.zeroPoints, place) }
        }
    }

    /// With H = c·I no column can compensate for the error of another: the sweep's codes are the best ones.
    @Test(arguments: straddlingSizes, ChannelDimension.allCases)
    func identityGramLeavesTheCodes(_ size: Int, _ dimension: ChannelDimension) throws {
        let weight = RandomLayer(out: 70, in: size, seed: 3).weight
        let identity = Matrix<Double>(rows: size, columns: size) { $0 == $1 ? 7 : 0 }
        for groupSize in [48, 200, nil] {
            for symmetric in [false, true] {
                let layer = try RefinedLayer<Double>(
                    weight, gram: Gram(identity, tokens: size),
                    UniformGrid(bits: 3, isSymmetric: symmetric, ranges: .search), groupSize: groupSize, dimension)
                let swept = try layer.refined(.codes, passes: 0)
                #expect(try layer.refined(.codes, passes: 2).quantized == swept.quantized)
            }
        }
    }

    /// Rows do not depend on each other, except by the grids that they share.
    @Test(arguments: Refinement.Parts.allCases, ChannelDimension.allCases)
    func rowsAreIndependent(_ parts: Refinement.Parts, _ dimension: ChannelDimension) throws {
        for (groupSize, activationOrder) in [(16, false), (16, true), (150, false)] {
            let first = dimension == .perOutputChannel ? 70 : groupSize == 16 ? 48 : 150
            let random = RandomLayer(out: 210, in: 200, seed: 88)
            func refined(_ weight: Matrix<Double>) throws -> QuantizedMatrix {
                try RefinedLayer<Double>(
                    weight, activations: random.activations, UniformGrid(bits: 3), groupSize: groupSize, dimension,
                    activationOrder: activationOrder
                ).refined(parts, passes: 3).quantized
            }
            let (whole, alone) = (try refined(random.weight), try refined(random.weight.only(rows: 0..<first)))
            #expect(alone.codes == whole.codes.only(rows: 0..<first))
            #expect(alone.scales == whole.scales.only(rows: 0..<alone.scales.rows))
            #expect(alone.zeroPoints == whole.zeroPoints.only(rows: 0..<alone.scales.rows))
        }
    }

    /// What is lost by an input that was never active is λ's alone: each of its codes is the nearest one on the grid that its group
    /// has in the end, unless codes stay.
    @Test(arguments: Refinement.Parts.allCases, ChannelDimension.allCases)
    func inactiveInputsAreRoundedPlainly(_ parts: Refinement.Parts, _ dimension: ChannelDimension) throws {
        let random = RandomLayer(out: 40, in: 150, seed: 50)
        let inactive = [0, 7, 63, 64, 149]
        let silent = Matrix<Double>(rows: 150, columns: random.activations.columns) {
            inactive.contains($0) ? 0 : random.activations[$0, $1]
        }
        for (damping, activationOrder, bits) in [(0, false, 3), (0.01, false, 8), (0.01, true, 2)] {
            for ranges in RangeRule.allCases {
                let layer = try RefinedLayer<Double>(
                    random.weight, activations: silent, UniformGrid(bits: bits, ranges: ranges), groupSize: 20,
                    dimension, activationOrder: activationOrder, dampingShare: damping)
                #expect(layer.factor.inactiveInputs == inactive)
                let swept = try layer.refined(parts, passes: 0).quantized
                let refined = try layer.refined(parts, passes: 3).quantized
                #expect(refined != swept)
                for j in inactive {
                    for i in 0..<40 {
                        let (row, column) = layer.layout.place(i, j)
                        let position = layer.w[i, j] / Double(refined.scales[row, column])
                        let nearest = min(
                            max(position.rounded(.toNearestOrEven) + Double(refined.zeroPoints[row, column]), 0),
                            Double(layer.grid.largestCode))
                        let expected = parts == .scales ? swept.codes[i, j] : UInt8(nearest)
                        #expect(refined.codes[i, j] == expected, "(\(i), \(j))")
                    }
                }
            }
        }
    }

    /// A layer of zeros has scales of 1 and keeps them.
    @Test(arguments: Refinement.Parts.allCases, ChannelDimension.allCases)
    func groupsOfZerosKeepTheirGrid(_ parts: Refinement.Parts, _ dimension: ChannelDimension) throws {
        let random = RandomLayer(out: 40, in: 30, seed: 7)
        let zeros = Matrix<Double>(repeating: 0, rows: 40, columns: 30)
        let layer = try RefinedLayer<Double>(
            zeros, activations: random.activations, UniformGrid(bits: 3, ranges: .search), groupSize: 16, dimension)
        let refined = try layer.refined(parts, passes: 2)
        #expect(refined.refinedLoss == 0)
        #expect(refined.quantized.scales.columnMajorElements.allSatisfy { $0 == 1 })
        #expect(refined.quantized == (try layer.refined(parts, passes: 0)).quantized)
    }

    /// Passes hold with the kernels of every instruction set that the processor has.
    @Test(arguments: TileKernels.available, [1, 16, 48])
    func passesHoldWithEveryInstructionSet(_ kernels: TileKernels, _ groupSize: Int) throws {
        let random = RandomLayer(out: 129, in: 131, seed: 23)
        for (dimension, ranges) in [
            (ChannelDimension.perOutputChannel, RangeRule.full), (.perInputChannel, .full), (.perInputChannel, .search),
        ] {
            for parts in Refinement.Parts.allCases {
                let layer = try RefinedLayer<Float>(
                    random.weight, activations: random.activations, UniformGrid(bits: 3, ranges: ranges),
                    groupSize: groupSize, dimension)
                var before = layer.state(try layer.refined(parts, passes: 0, kernels: kernels).quantized)
                for passes in 1...2 {
                    let refined = try layer.refined(parts, passes: passes, kernels: kernels)
                    let after = layer.state(refined.quantized)
                    #expect(after.dampedLoss <= before.dampedLoss + layer.passBound(before, after))
                    #expect(abs((refined.refinedLoss ?? .nan) - after.loss) <= layer.lossBound(after))
                    if parts != .scales && groupSize > 1 && passes == 1 {
                        #expect(after.dampedLoss < 0.99 * before.dampedLoss)
                    }
                    before = after
                }
            }
        }
    }
}
