import AdaDimLinearAlgebra
import AdaDimQuantization

extension BundledSuite {
    /// What must not be quantized, and what must be said of it.
    package static var refusals: [RefusalCase] {
        let numbers: [(name: String, value: Float)] = [
            ("NaN", .nan), ("infinity", .infinity), ("-infinity", -.infinity),
        ]
        return numbers.flatMap { nonFinite($0.name, $0.value) } + factors + ranges
    }

    private static let inputs = 70

    private static var activations: Matrix<Float> {
        SyntheticInputs.activations(tokens: 160).activations(Float.self, inputs: inputs, seed: 11)
    }

    private static var weight: Matrix<Float> {
        SyntheticWeight.normal.matrix(Float.self, out: 50, in: inputs, seed: 12)
    }

    private static func nonFinite(_ name: String, _ value: Float) -> [RefusalCase] {
        [
            RefusalCase("\(name) in the weight", "the weight holds NaN or infinity at [33, 41]") { engine in
                var weight = weight
                weight[33, 41] = value
                try quantize(
                    weight, try engine.gram(activations: activations), .init(.fast) { $0.grid.groupSize = 16 }, engine)
            },
            RefusalCase("\(name) in the weight, rounded", "the weight holds NaN or infinity at [49, 69]") { engine in
                var weight = weight
                weight[49, 69] = value
                try quantize(
                    weight, try engine.gram(activations: activations),
                    .init(.fast) {
                        $0.grid.groupSize = 16
                        $0.method = .roundToNearest
                    },
                    engine)
            },
            RefusalCase("\(name) in activations", "activations hold NaN or infinity at input 13, token 77") { engine in
                var activations = activations
                activations[13, 77] = value
                try quantize(weight, try engine.gram(activations: activations), .init(.fast), engine)
            },
            RefusalCase("\(name) in the Gram matrix", "the Gram matrix holds NaN or infinity at [55, 20]") { engine in
                var gram = SyntheticInputs.condition(10).gram(Float.self, inputs: inputs, seed: 3)
                gram[55, 20] = value
                try quantize(weight, try engine.gram(matrix: gram), .init(.fast), engine)
            },
        ]
    }

    private static var factors: [RefusalCase] {
        // I − 1.5·u·uᵀ: one eigenvalue of −0.5. Where Cholesky from the last input to the first fails, plain loops say.
        let direction = (0..<inputs).map { SyntheticNoise(seed: 21).bell($0) }
        let length = direction.reduce(0) { $0 + $1 * $1 }
        let flipped = Matrix<Double>(rows: inputs, columns: inputs) {
            ($0 == $1 ? 1 : 0) - 1.5 * direction[$0] * direction[$1] / length
        }
        let pivot = ReversePivot.of(flipped) ?? -1
        let text =
            "the damped Gram matrix is not positive definite: Cholesky failed at input \(pivot) of \(inputs); tried damping 0.0 of the mean diagonal (failed at input \(pivot))"
        // Two inputs that outweigh their own squares: no damping up to the mean diagonal is enough.
        var pair = Matrix<Double>(rows: inputs, columns: inputs) { $0 == $1 ? 1 : 0 }
        (pair[30, 31], pair[31, 30]) = (5, 5)
        let raised = [0.01, 0.1, 1.0].map { "\($0) of the mean diagonal (failed at input 30)" }.joined(separator: ", ")
        return [
            RefusalCase("one negative eigenvalue", text) { engine in
                let gram = Matrix<Float>(rows: inputs, columns: inputs) { Float(flipped[$0, $1]) }
                try quantize(weight, try engine.gram(matrix: gram), .init(.fast) { $0.factor.damping = 0 }, engine)
            },
            RefusalCase("one negative eigenvalue in Double", text) { engine in
                try quantize(
                    weight.inDouble, try engine.gram(matrix: flipped), .init(.fast) { $0.factor.damping = 0 }, engine)
            },
            RefusalCase(
                "no damping will do",
                "the damped Gram matrix is not positive definite: Cholesky failed at input 30 of \(inputs); tried damping \(raised)"
            ) { [pair] engine in
                try quantize(weight.inDouble, try engine.gram(matrix: pair), .init(.fast), engine)
            },
        ]
    }

    private static var ranges: [RefusalCase] {
        [
            RefusalCase("no input active", "all \(inputs) inputs are inactive: the Gram matrix of 9 tokens is zero") {
                let activations = Matrix<Float>(repeating: 0, rows: inputs, columns: 9)
                try quantize(
                    weight, try $0.gram(activations: activations),
                    .init(.fast) { $0.factor.refusesInactiveLayers = true }, $0)
            },
            RefusalCase("activations whose squares overflow", "\(QuantizationError.gramOverflow)") {
                let activations = Matrix<Float>(repeating: 1e30, rows: inputs, columns: 9)
                try quantize(weight, try $0.gram(activations: activations), .init(.fast), $0)
            },
            RefusalCase("weights whose outputs overflow", "\(QuantizationError.lossNotFinite)") {
                let weight = Matrix<Float>(repeating: 1e30, rows: 50, columns: inputs)
                try quantize(weight, try $0.gram(activations: activations), .init(.fast), $0)
            },
            RefusalCase(
                "scales beyond float16", "scale [2, 0] is too large for float16, whose largest number is 65504.0"
            ) { engine in
                var weight = weight
                weight[2, 3] = 3e6
                let options = QuantizationOptions(.fast) {
                    $0.grid.bits = 2
                    $0.grid.groupSize = nil
                    $0.grid.scaleType = .float16
                    $0.direction = .fixed(.perOutputChannel)
                }
                try quantize(weight, try engine.gram(activations: activations), options, engine)
            },
            RefusalCase(
                "a square below zero",
                "the Gram matrix has -2.0 at input 7 of its diagonal, expected a sum of squares"
            ) { engine in
                var gram = SyntheticInputs.identity.gram(Float.self, inputs: inputs, seed: 3)
                gram[7, 7] = -2
                try quantize(weight, try engine.gram(matrix: gram), .init(.fast), engine)
            },
        ]
    }

    private static func quantize<S: RealScalar>(
        _ weight: Matrix<S>, _ gram: Gram<S>, _ options: QuantizationOptions, _ engine: any RegressionEngine
    ) throws {
        _ = try engine.quantize(weight, try engine.factor(gram, options), options)
    }
}

/// Where Cholesky in reverse order fails, by plain loops in Double.
enum ReversePivot {
    /// The first input, from the last on, whose pivot is not positive; nil if there is a factor.
    static func of(_ matrix: Matrix<Double>) -> Int? {
        var a = (0..<matrix.rows).map { i in (0..<matrix.columns).map { matrix[i, $0] } }
        for k in a.indices.reversed() {
            guard a[k][k] > 0 else { return k }
            for i in 0..<k {
                let factor = a[i][k] / a[k][k]
                for j in 0..<k { a[i][j] -= factor * a[k][j] }
            }
        }
        return nil
    }
}
