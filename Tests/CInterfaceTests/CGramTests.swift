import AdaDimCHeader
import AdaDimLinearAlgebra
import Testing

@Suite struct CGramTests {
    private func matrix(_ gram: OpaquePointer?) throws -> [Float] {
        try read(Float.self) { adadim_gram_matrix(gram, $0, $1, $2) }
    }

    private func tokens(_ gram: OpaquePointer?) throws -> Int64 {
        var tokens: Int64 = -1
        try check(adadim_gram_tokens(gram, &tokens))
        return tokens
    }

    @Test func bothTrianglesAndTheTokensComeBack() throws {
        let given = CLayer()
        var expected = try Gram<Float>(order: 70)
        try expected.accumulate(Matrix(columnMajor: given.activations, rows: 70, columns: 150))
        try given.withGram { gram in
            #expect(try matrix(gram) == expected.symmetric().columnMajorElements)
            #expect(try tokens(gram) == 150)
            var inputs: Int64 = 0
            try check(adadim_gram_inputs(gram, &inputs))
            #expect(inputs == 70)
        }
    }

    /// Inputs that bf16 and f16 hold exactly.
    @Test(arguments: [ADADIM_BFLOAT16, ADADIM_FLOAT16])
    func sixteenBitInputsAreWhatTheyStandFor(_ type: Int) throws {
        let inputs = CLayer().activations.map { Float(Int($0 * 64) % 100) }
        let words = inputs.map { type == ADADIM_FLOAT16 ? float16FromFloat($0) : bfloat16FromFloat($0) }
        var expected = try Gram<Float>(order: 70)
        try expected.accumulate(Matrix(columnMajor: inputs, rows: 70, columns: 150))
        var gram: OpaquePointer?
        try check(adadim_gram_create(70, &gram))
        defer { adadim_gram_destroy(gram) }
        try check(adadim_gram_accumulate(gram, words, adadim_type(type), 150))
        // Whole numbers: exact.
        #expect(try matrix(gram) == expected.symmetric().columnMajorElements)
    }

    /// Whole numbers: sums in any order are the same.
    @Test func mergingAddsUp() throws {
        let numbers = CLayer().activations.map { ($0 * 64).rounded() }
        var grams = [OpaquePointer?](repeating: nil, count: 3)
        defer { for gram in grams { adadim_gram_destroy(gram) } }
        for index in grams.indices { try check(adadim_gram_create(70, &grams[index])) }
        let float = adadim_type(ADADIM_FLOAT32)
        try check(adadim_gram_accumulate(grams[0], numbers, float, 150))
        try check(adadim_gram_accumulate(grams[1], numbers, float, 50))
        try numbers.withUnsafeBufferPointer { numbers in
            try check(adadim_gram_accumulate(grams[2], numbers.baseAddress.map { $0 + 50 * 70 }, float, 100))
        }
        try check(adadim_gram_merge(grams[1], grams[2]))
        #expect(try matrix(grams[1]) == matrix(grams[0]))
        #expect(try tokens(grams[1]) == 150 && tokens(grams[2]) == 100)
        try check(adadim_gram_merge(grams[1], grams[1]))
        #expect(try matrix(grams[1]) == matrix(grams[0]).map { 2 * $0 })
        #expect(try tokens(grams[1]) == 300)

        var again: OpaquePointer?
        try check(adadim_gram_create_from(try matrix(grams[1]), 70, 300, &again))
        defer { adadim_gram_destroy(again) }
        #expect(try matrix(again) == matrix(grams[1]) && tokens(again) == 300)
    }

    /// The triangle to the right of the diagonal counts, the other one is not looked at.
    @Test func oneTriangleIsRead() throws {
        var gram: OpaquePointer?
        try check(adadim_gram_create_from([2, 1, .nan, 3], 2, 5, &gram))
        defer { adadim_gram_destroy(gram) }
        #expect(try matrix(gram) == [2, 1, 1, 3])
        var other: OpaquePointer?
        #expect(
            throws: Failure(
                status: adadim_status(ADADIM_NOT_FINITE), text: "the Gram matrix holds NaN or infinity at [0, 1]")
        ) { try check(adadim_gram_create_from([2, .nan, 1, 3], 2, 5, &other)) }
        #expect(other == nil)
    }

    @Test func whatIsRefusedChangesNothing() throws {
        try CLayer().withGram { gram in
            let before = try matrix(gram)
            var inputs = CLayer(tokens: 3).activations
            inputs[2 * 70 + 5] = .nan
            #expect(
                throws: Failure(
                    status: adadim_status(ADADIM_NOT_FINITE),
                    text: "activations hold NaN or infinity at input 5, token 152")
            ) { try check(adadim_gram_accumulate(gram, inputs, adadim_type(ADADIM_FLOAT32), 3)) }
            #expect(
                throws: Failure(
                    status: adadim_status(ADADIM_INVALID_ARGUMENT), text: "inputs is NULL, expected a matrix")
            ) { try check(adadim_gram_accumulate(gram, nil, adadim_type(ADADIM_FLOAT32), 3)) }
            #expect(throws: Failure.self) {
                try check(adadim_gram_accumulate(gram, inputs, adadim_type(ADADIM_FLOAT32), .max))
            }
            #expect(throws: Failure.self) {
                try check(adadim_gram_accumulate(gram, inputs, adadim_type(ADADIM_FLOAT32), -1))
            }
            #expect(throws: Failure.self) { try check(adadim_gram_accumulate(gram, inputs, 17, 1)) }
            try check(adadim_gram_accumulate(gram, nil, adadim_type(ADADIM_FLOAT32), 0))

            var other: OpaquePointer?
            try check(adadim_gram_create(69, &other))
            defer { adadim_gram_destroy(other) }
            #expect(
                throws: Failure(
                    status: adadim_status(ADADIM_WRONG_SIZE),
                    text: "a Gram matrix of 69 inputs cannot be added to one of 70")
            ) { try check(adadim_gram_merge(gram, other)) }
            #expect(try matrix(gram) == before && tokens(gram) == 150)
        }
    }
}
