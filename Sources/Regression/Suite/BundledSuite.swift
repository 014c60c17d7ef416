import AdaDimQuantization
import AdaDimQuantizedMatrices

/// The layers that every run goes through.
package enum BundledSuite {
    package static var cases: [RegressionCase] {
        shapes + bits + grids + spectra + inputs + weights + doubles + searched + refined + threads + twoLevel + large
    }

    private static func options(
        _ bits: Int = 4, group: Int? = 32, _ direction: QuantizationOptions.Direction = .adaptive(by: .sweep),
        _ method: QuantizationOptions.Method = .gptq, damping: Double = 0.01, symmetric: Bool = false,
        order: Bool = false, scale: ScaleType = .bfloat16, ranges: RangeRule = .full,
        refinement: Refinement = Refinement()
    ) -> QuantizationOptions {
        QuantizationOptions(.fast) {
            $0.grid.bits = bits
            $0.grid.groupSize = group
            $0.grid.isSymmetric = symmetric
            $0.grid.scaleType = scale
            $0.grid.ranges = ranges
            $0.method = method
            $0.factor.damping = damping
            $0.factor.activationOrder = order
            $0.direction = direction
            $0.refinement = refinement
        }
    }

    private static let perOC = fixed(.perOutputChannel)
    private static let perIC = fixed(.perInputChannel)

    /// With the selection that the adaptive cases have, as baselines name it.
    private static func fixed(_ dimension: ChannelDimension) -> QuantizationOptions.Direction {
        var direction = QuantizationOptions.Direction.adaptive(by: .sweep)
        direction.fixedDimension = dimension
        return direction
    }

    /// From 1 × 1 on, either side of vectors, tiles and blocks, with tail groups.
    private static var shapes: [RegressionCase] {
        let sizes = [(1, 1), (1, 7), (7, 1), (2, 3), (31, 33), (64, 64), (65, 129), (129, 65), (200, 500), (500, 127)]
        return sizes.map { out, inputs in
            .init("shape \(out)x\(inputs)", out, inputs, .activations(tokens: 2 * inputs + 8), options())
        }
    }

    private static var bits: [RegressionCase] {
        QuantizationOptions.Grid.supportedBits.flatMap { bits in
            [
                .init(
                    "\(bits) bits rtn", 96, 160, .activations(tokens: 256),
                    options(bits, .adaptive(by: .sweep), .roundToNearest)),
                .init(
                    "\(bits) bits gptq", 96, 160, .activations(tokens: 256),
                    options(bits, .adaptive(by: .roundToNearest))),
                .init("\(bits) bits sweep", 96, 160, .outliers(tokens: 256), options(bits)),
            ]
        }
    }

    private static var grids: [RegressionCase] {
        let source = SyntheticInputs.activations(tokens: 640)
        var cases: [RegressionCase] = []
        for (name, dimension) in [("per-oc", perOC), ("per-ic", perIC)] {
            cases += [
                .init("channel groups \(name)", 150, 300, source, options(group: nil, dimension)),
                .init("groups of 200 \(name)", 450, 450, source, options(3, group: 200, dimension)),
                .init("groups of 48 \(name)", 130, 300, source, options(3, group: 48, dimension)),
                .init("groups of 1 \(name)", 40, 70, source, options(4, group: 1, dimension)),
                .init("symmetric \(name)", 130, 260, source, options(3, group: 64, dimension, symmetric: true)),
                .init(
                    "activation order \(name)", 130, 260, .outliers(tokens: 640),
                    options(3, group: 64, dimension, order: true)),
                .init("float16 scales \(name)", 96, 200, source, options(4, group: 64, dimension, scale: .float16)),
                .init(
                    "float16-8 scales \(name)", 96, 200, source, options(4, group: 64, dimension, scale: .shortFloat16)),
                .init("float32 scales \(name)", 96, 200, source, options(4, group: 64, dimension, scale: .float32)),
            ]
        }
        return cases
    }

    /// Condition 1 to 1e12 and rank-deficient, each with the default damping, and undamped where the arithmetic allows.
    private static var spectra: [RegressionCase] {
        var cases = [("1", 1.0), ("1e3", 1e3), ("1e6", 1e6), ("1e9", 1e9), ("1e12", 1e12)].map { name, condition in
            RegressionCase("condition \(name)", 80, 200, .condition(condition), options(3))
        }
        cases += [("1", 1.0), ("1e4", 1e4)].map { name, condition in
            .init("undamped, condition \(name)", 80, 150, .condition(condition), options(3, damping: 0))
        }
        cases += [("1e6", 1e6), ("1e12", 1e12)].map { name, condition in
            .init(
                "undamped in Double, condition \(name)", 80, 150, .condition(condition), options(3, damping: 0), .double
            )
        }
        return cases + [
            .init("rank 20 of 150", 80, 150, .rank(20), options(3)),
            .init("fewer tokens than inputs", 80, 200, .activations(tokens: 50), options(3)),
            .init("damping that must be raised", 40, 150, .rank(20), options(3, damping: 1e-9)),
            .init("identity", 64, 96, .identity, options(3, damping: 0)),
        ]
    }

    private static var inputs: [RegressionCase] {
        [
            .init(
                "outliers x1000", 128, 256, .outliers(tokens: 600),
                options(3, group: 64, .adaptive(by: .roundToNearest))),
            .init("outliers x1000 undamped", 128, 200, .outliers(tokens: 600), options(3, damping: 0)),
            .init("inactive inputs", 96, 200, .inactive(tokens: 400), options(3)),
            .init("inactive inputs undamped", 96, 200, .inactive(tokens: 800), options(3, damping: 0)),
            .init("inactive inputs in order", 96, 200, .inactive(tokens: 400), options(3, order: true)),
        ]
    }

    private static var weights: [RegressionCase] {
        let source = SyntheticInputs.activations(tokens: 300)
        return [
            .init("zero weights", 40, 100, source, weight: .constant(0), options()),
            .init("constant weights", 40, 100, source, weight: .constant(0.0173), options()),
            .init("negative constant weights", 40, 100, source, weight: .constant(-3.25), options(2)),
            .init("zero rows and columns", 60, 140, source, weight: .sparse, options(3)),
            .init("heavy-tailed weights", 96, 160, source, weight: .heavyTailed, options(3)),
            .init("tiny weights", 40, 100, source, weight: .scaled(1e-12), options(3)),
            .init("huge weights", 40, 100, source, weight: .scaled(1e12), options(3)),
        ]
    }

    /// In Double, where an accumulation in single precision stands out by seven digits.
    private static var doubles: [RegressionCase] {
        [
            .init("Double", 150, 300, .activations(tokens: 640), options(3), .double),
            .init("Double per-oc", 300, 500, .outliers(tokens: 700), options(4, group: 128, perOC), .double),
            .init("Double per-ic", 300, 257, .activations(tokens: 700), options(4, group: 128, perIC), .double),
            .init(
                "Double rtn", 96, 160, .outliers(tokens: 300), options(3, .adaptive(by: .sweep), .roundToNearest),
                .double),
            .init("Double activation order", 96, 200, .outliers(tokens: 300), options(3, order: true), .double),
        ]
    }

    private static var searched: [RegressionCase] {
        let source = SyntheticInputs.activations(tokens: 400)
        var cases: [RegressionCase] = []
        for (name, dimension) in [("per-oc", perOC), ("per-ic", perIC)] {
            cases += [
                .init("searched \(name)", 90, 200, source, options(3, dimension, ranges: .search)),
                .init("searched rtn \(name)", 90, 200, source, options(2, dimension, .roundToNearest, ranges: .search)),
                .init(
                    "searched symmetric \(name)", 90, 200, source,
                    options(3, group: 48, dimension, symmetric: true, ranges: .search)),
                .init("searched in Double \(name)", 70, 150, source, options(3, dimension, ranges: .search), .double),
                .init(
                    "searched in order \(name)", 90, 200, .outliers(tokens: 400),
                    options(3, dimension, order: true, ranges: .search)),
                .init(
                    "searched inactive inputs \(name)", 96, 200, .inactive(tokens: 400),
                    options(2, dimension, damping: 0.3, ranges: .search)),
                .init(
                    "searched in Double, unrounded scales \(name)", 70, 150, source,
                    options(3, dimension, scale: .float32, ranges: .search), .double),
            ]
        }
        return cases
    }

    /// The tool's defaults, and each part of a pass alone.
    private static var refined: [RegressionCase] {
        let source = SyntheticInputs.activations(tokens: 640)
        let both = Refinement(passes: 3)
        func balanced(_ dimension: ChannelDimension?) -> QuantizationOptions {
            QuantizationOptions(.balanced) {
                $0.grid.bits = 3
                $0.grid.groupSize = 64
                $0.direction.fixedDimension = dimension
            }
        }
        var cases: [RegressionCase] = [
            .init("balanced", 200, 300, .outliers(tokens: 640), balanced(nil)),
            .init("refined, adaptive by sweep", 130, 260, source, options(3, refinement: both)),
            .init("refined in Double", 100, 200, source, options(3, refinement: both), .double),
            .init("refined one thread", 300, 400, source, options(3, group: 128, refinement: both), threads: 1),
        ]
        for (name, dimension) in [("per-oc", perOC), ("per-ic", perIC)] {
            let (codes, scales) = (Refinement(parts: .codes, passes: 2), Refinement(parts: .scales, passes: 2))
            cases += [
                .init("balanced \(name)", 130, 260, source, balanced(dimension.fixedDimension)),
                .init("codes \(name)", 130, 260, source, options(2, dimension, refinement: codes)),
                .init("scales \(name)", 130, 260, source, options(4, dimension, refinement: scales)),
                .init(
                    "refined channel groups \(name)", 150, 300, source,
                    options(3, group: nil, dimension, refinement: both)),
                .init("refined rank 20 \(name)", 80, 150, .rank(20), options(3, dimension, refinement: both)),
                .init(
                    "refined inactive inputs \(name)", 96, 200, .inactive(tokens: 400),
                    options(3, dimension, damping: 0.3, refinement: both)),
            ]
        }
        return cases
    }

    /// Two-level grids: each type rounded, swept and refined.
    private static var twoLevel: [RegressionCase] {
        let source = SyntheticInputs.activations(tokens: 640)
        func options(
            _ type: TwoLevelType, _ method: QuantizationOptions.Method = .gptq, order: Bool = false, passes: Int = 0
        ) -> QuantizationOptions {
            QuantizationOptions(.fast) {
                $0.grid.twoLevel = type
                $0.method = method
                $0.factor.activationOrder = order
                $0.direction = perOC
                $0.refinement.passes = passes
            }
        }
        return TwoLevelType.allCases.flatMap { type -> [RegressionCase] in
            [
                .init("\(type.rawValue) rtn", 70, 256, source, options(type, .roundToNearest)),
                .init("\(type.rawValue)", 70, 512, source, options(type)),
                .init("\(type.rawValue) in Double", 40, 256, source, options(type, order: true), .double),
                .init(
                    "\(type.rawValue) refined", 70, 512, .outliers(tokens: 640), options(type, order: true, passes: 3)),
            ]
        } + [
            .init(
                "Q4_K, zero rows and columns", 60, 256, source, weight: .sparse, options(.q4K, order: true, passes: 2)),
            .init("Q3_K, heavy-tailed weights", 60, 256, source, weight: .heavyTailed, options(.q3K)),
            .init("Q2_K, tiny weights", 40, 256, source, weight: .scaled(1e-5), options(.q2K)),
        ]
    }

    private static var threads: [RegressionCase] {
        [
            .init("one thread", 600, 700, .activations(tokens: 1000), options(3, group: 128), threads: 1),
            .init("all threads", 600, 700, .activations(tokens: 1000), options(3, group: 128)),
            .init(
                "one thread in Double", 300, 400, .activations(tokens: 600), options(3, group: 128), .double, threads: 1
            ),
            .init("many rows", 20000, 24, .activations(tokens: 100), options(3, group: 128)),
            .init("many rows, one thread", 20000, 24, .activations(tokens: 100), options(3, group: 128), threads: 1),
        ]
    }

    private static var large: [RegressionCase] {
        [
            .init("1024x1024", 1024, 1024, .outliers(tokens: 2048), options(4, group: 128)),
            .init("1024x2048", 1024, 2048, .activations(tokens: 2048), options(4, group: 128, perOC)),
            .init("4096x1024", 4096, 1024, .outliers(tokens: 2048), options(3, group: 128, perIC)),
            .init("2048x4096", 2048, 4096, .activations(tokens: 2048), options(2, group: 128, perIC, order: true)),
            .init("4096x4096", 4096, 4096, .outliers(tokens: 2048), options(4, group: 128, perOC)),
        ]
    }
}
