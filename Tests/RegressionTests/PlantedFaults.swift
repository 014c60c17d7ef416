import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import AdaDimRegression

/// An engine that passes everything on to the real one; a fault replaces one step.
struct FaultyEngine: RegressionEngine {
    enum Fault: String, CaseIterable {
        case none
        case wrongTriangleOfTheFactor, wrongTriangleOfTheGram
        case droppedDamping, dampingLeftInTheLoss
        case shiftedGroupsRounded, shiftedGroupsSwept
        case singlePrecisionLoss, singlePrecisionGram
        case ignoredNonFiniteWeight, ignoredNonFiniteActivation
        case lossOfNoNumber
        case larger, oneCodeOff
        case fullRangesForSearched, narrowestRangesForSearched, roundedForRefined, undampedPasses, skippedPasses
    }

    let fault: Fault
    private let engine = AdaDimEngine()

    init(_ fault: Fault) { self.fault = fault }

    func gram<S: RealScalar>(activations: Matrix<S>) throws -> Gram<S> {
        switch fault {
        case .ignoredNonFiniteActivation:
            // As where a comparison with NaN was optimized away.
            return try engine.gram(
                activations: Matrix(rows: activations.rows, columns: activations.columns) {
                    activations[$0, $1].isFinite ? activations[$0, $1] : 0
                })
        case .wrongTriangleOfTheGram:
            let full = try engine.gram(activations: activations).symmetric()
            return try Gram(
                Matrix(rows: full.rows, columns: full.rows) { $0 <= $1 ? full[$0, $1] : 0 },
                tokens: activations.columns)
        case .singlePrecisionGram:
            let single = Matrix<Float>(rows: activations.rows, columns: activations.columns) {
                Float(activations[$0, $1])
            }
            let full = try engine.gram(activations: single).symmetric()
            return try Gram(
                Matrix(rows: full.rows, columns: full.rows) { S(full[$0, $1]) }, tokens: activations.columns)
        default: return try engine.gram(activations: activations)
        }
    }

    func gram<S: RealScalar>(matrix: Matrix<S>) throws -> Gram<S> { try engine.gram(matrix: matrix) }

    func factor<S: RealScalar>(_ gram: Gram<S>, _ options: QuantizationOptions) throws -> EngineFactor<S> {
        var factor = try engine.factor(gram, options)
        switch fault {
        case .wrongTriangleOfTheFactor:
            // H, which stands in the lower triangle of the factor's buffer.
            let (h, order) = (gram.symmetric(), factor.source.order ?? Array(0..<gram.order))
            factor.upper = Matrix(rows: gram.order, columns: gram.order) { $0 <= $1 ? h[order[$0], order[$1]] : 0 }
        case .droppedDamping:
            let undamped = try engine.factor(gram, Self.undamped(options))
            factor.upper = undamped.upper
        default: break
        }
        return factor
    }

    private static func undamped(_ options: QuantizationOptions) -> QuantizationOptions {
        var options = options
        options.factor.damping = 0
        return options
    }

    func quantize<S: RealScalar>(
        _ weight: Matrix<S>, _ factor: EngineFactor<S>, _ options: QuantizationOptions
    ) throws -> EngineLayer {
        if fault == .ignoredNonFiniteWeight {
            let finite = Matrix<S>(rows: weight.rows, columns: weight.columns) {
                weight[$0, $1].isFinite ? weight[$0, $1] : 0
            }
            return try engine.quantize(finite, factor, options)
        }
        var layer = try engine.quantize(weight, factor, changed(options))
        let error = { (layer: EngineLayer) in
            let q = layer.quantized.dequantized()
            return Matrix<Double>(rows: weight.rows, columns: weight.columns) {
                Double(weight[$0, $1]) - Double(q[$0, $1])
            }
        }
        switch fault {
        case .dampingLeftInTheLoss: layer.loss += factor.source.damping * error(layer).squaredNorm
        case .lossOfNoNumber: layer.loss = .nan
        case .singlePrecisionLoss:
            let image = error(layer).multiplied(by: factor.upper.inDouble)
            var sum: Float = 0
            for element in image.columnMajorElements { sum += Float(element * element) }
            layer.loss = Double(sum) - factor.source.damping * error(layer).squaredNorm
        case .shiftedGroupsRounded where options.method == .roundToNearest,
            .shiftedGroupsSwept where options.method == .gptq:
            if options.direction.fixedDimension == .perOutputChannel {
                let sweep = PlainSweep(
                    weight: weight.inDouble, factor: options.method == .gptq ? factor.upper.inDouble : nil,
                    options: options, firstColumn: 1)
                layer.quantized = sweep.quantized()
                layer.loss = try factor.source.loss(
                    of: Matrix(rows: weight.rows, columns: weight.columns) { [q = layer.quantized.dequantized()] in
                        S(q[$0, $1])
                    },
                    replacing: weight)
            }
        case .larger where options.direction.isAdaptive:
            var other = options
            let isPerOC = layer.quantized.dimension == .perOutputChannel
            other.direction = .fixed(isPerOC ? .perInputChannel : .perOutputChannel)
            let losses = layer.losses
            layer = try engine.quantize(weight, factor, other)
            layer.losses = losses
        case .oneCodeOff:
            let (codes, i, j) = (layer.quantized.codes, weight.rows / 2, weight.columns - 1)
            layer.quantized = QuantizedMatrix(
                codes: Matrix(rows: codes.rows, columns: codes.columns) {
                    ($0, $1) == (i, j) ? codes[i, j] ^ 1 : codes[$0, $1]
                }, scales: layer.quantized.scales, zeroPoints: layer.quantized.zeroPoints,
                bits: layer.quantized.bits, layout: layer.quantized.layout)
        case .narrowestRangesForSearched where options.grid.ranges == .search:
            // Everything halved: often beyond the ranges that are tried.
            let quantized = layer.quantized
            layer.quantized = QuantizedMatrix(
                codes: quantized.codes,
                scales: Matrix(rows: quantized.scales.rows, columns: quantized.scales.columns) {
                    0.5 * quantized.scales[$0, $1]
                }, zeroPoints: quantized.zeroPoints, bits: quantized.bits, layout: quantized.layout)
        case .roundedForRefined where options.refinement.passes > 0:
            var rounded = options
            rounded.method = .roundToNearest
            rounded.direction = .fixed(layer.quantized.dimension)
            let found = try engine.quantize(weight, factor, rounded)
            (layer.quantized, layer.loss) = (found.quantized, found.loss)
        case .undampedPasses
        where options.refinement.passes > 0 && options.direction.fixedDimension == .perOutputChannel:
            var swept = options
            swept.refinement.passes = 0
            let quantized = try engine.quantize(weight, factor, swept).quantized
            let upper = factor.upper.inDouble
            let gram = Matrix<Double>(rows: upper.rows, columns: upper.rows) { i, j in
                let sum = (max(i, j)..<upper.rows).reduce(0.0) { $0 + upper[i, $1] * upper[j, $1] }
                return i == j ? sum - factor.source.damping : sum
            }
            layer.quantized = Self.descended(quantized, weight.inDouble, gram, passes: options.refinement.passes)
            layer.loss = try factor.source.loss(
                of: Matrix(rows: weight.rows, columns: weight.columns) { [q = layer.quantized.dequantized()] in
                    S(q[$0, $1])
                }, replacing: weight)
        default: break
        }
        return layer
    }

    /// Coordinate descent on the codes of per-OC groups, by a matrix H in the weight's order of columns.
    private static func descended(
        _ quantized: QuantizedMatrix, _ weight: Matrix<Double>, _ gram: Matrix<Double>, passes: Int
    ) -> QuantizedMatrix {
        var (codes, q) = (quantized.codes, quantized.dequantized().inDouble)
        let (layout, largest) = (quantized.layout, Double((1 << quantized.bits) - 1))
        for _ in 0..<passes {
            for j in 0..<weight.columns {
                for i in 0..<weight.rows {
                    let (scale, zero) = (
                        Double(quantized.scales[i, j / layout.groupSize]),
                        Double(quantized.zeroPoints[i, j / layout.groupSize])
                    )
                    let pull = (0..<weight.columns).reduce(0.0) { $0 + (weight[i, $1] - q[i, $1]) * gram[$1, j] }
                    let code = ((q[i, j] + pull / gram[j, j]) / scale + zero).rounded()
                    codes[i, j] = UInt8(min(max(code, 0), largest))
                    q[i, j] = (Double(codes[i, j]) - zero) * scale
                }
            }
        }
        return QuantizedMatrix(
            codes: codes, scales: quantized.scales, zeroPoints: quantized.zeroPoints, bits: quantized.bits,
            layout: layout)
    }

    /// The options that the engine gets in place of the right ones.
    private func changed(_ options: QuantizationOptions) -> QuantizationOptions {
        var options = options
        if fault == .fullRangesForSearched { options.grid.ranges = .full }
        if fault == .skippedPasses { options.refinement.passes = 0 }
        return options
    }
}
