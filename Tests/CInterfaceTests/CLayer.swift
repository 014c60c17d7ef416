import AdaDimCHeader
import AdaDimLinearAlgebra
import AdaDimQuantization
import Foundation

/// What a call said when it failed.
struct Failure: Error, Equatable {
    let status: adadim_status
    let text: String
}

func check(_ status: adadim_status) throws(Failure) {
    let text = String(cString: adadim_last_error())
    guard status == ADADIM_OK else { throw Failure(status: status, text: text) }
    precondition(text.isEmpty, "a text after success: \(text)")
}

/// Row-major numbers as a C program holds them: a weight [out, in] and inputs [tokens, in].
struct CLayer: Sendable {
    let out: Int
    let inputs: Int
    let tokens: Int
    let weight: [Float]
    let activations: [Float]

    init(out: Int = 40, inputs: Int = 70, tokens: Int = 150, seed: UInt32 = 1) {
        var state = seed
        func next() -> Float {
            state = state &* 1_664_525 &+ 1_013_904_223
            return Float(Int32(state >> 22) - 512)
        }
        (self.out, self.inputs, self.tokens) = (out, inputs, tokens)
        weight = (0..<out * inputs).map { _ in next() / 16384 }
        activations = (0..<tokens * inputs).map { next() / ($0 % inputs % 31 == 7 ? 8 : 512) }
    }

    /// By the Swift interface.
    func quantized(_ options: QuantizationOptions) throws -> LayerQuantization {
        try quantize(
            Matrix(rowMajor: weight, rows: out, columns: inputs),
            activations: Matrix(columnMajor: activations, rows: inputs, columns: tokens), options: options)
    }

    func withGram<Result>(_ body: (OpaquePointer?) throws -> Result) throws -> Result {
        var gram: OpaquePointer?
        try check(adadim_gram_create(Int64(inputs), &gram))
        defer { adadim_gram_destroy(gram) }
        try check(adadim_gram_accumulate(gram, activations, adadim_type(ADADIM_FLOAT32), Int64(tokens)))
        return try body(gram)
    }

    func withQuantizer<Result>(
        _ options: adadim_options = defaultOptions(), _ body: (OpaquePointer?) throws -> Result
    ) throws -> Result {
        try withGram { gram in
            var quantizer: OpaquePointer?
            var options = options
            try check(adadim_quantizer_create(gram, &options, nil, nil, &quantizer))
            defer { adadim_quantizer_destroy(quantizer) }
            return try body(quantizer)
        }
    }

    func withLayer<Result>(
        _ options: adadim_options = defaultOptions(), _ body: (OpaquePointer?) throws -> Result
    ) throws -> Result {
        try withQuantizer(options) { quantizer in
            var layer: OpaquePointer?
            try check(
                adadim_quantizer_quantize(
                    quantizer, weight, adadim_type(ADADIM_FLOAT32), Int64(out), nil, nil, &layer))
            defer { adadim_layer_destroy(layer) }
            return try body(layer)
        }
    }
}

func defaultOptions() -> adadim_options {
    var options = adadim_options()
    precondition(adadim_options_init(&options, Int32(ADADIM_FAST)) == ADADIM_OK, "options that cannot be set")
    return options
}

/// Reads numbers as a C program does: asks for the count, makes room, reads.
func read<Number: Numeric>(
    _ number: Number.Type, _ call: (UnsafeMutablePointer<Number>?, Int64, UnsafeMutablePointer<Int64>?) -> adadim_status
) throws -> [Number] {
    var count: Int64 = -1
    try check(call(nil, 0, &count))
    var numbers = [Number](repeating: 0, count: Int(count))
    try check(call(&numbers, count, nil))
    return numbers
}
