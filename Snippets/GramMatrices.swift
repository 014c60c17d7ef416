// Gram matrices: where they come from, and when they have no factor.
import AdaDim

// snippet.hide
/// Noise between -1 and 1, the same on every machine.
func noise(_ seed: Int) -> Float {
    var bits = (UInt64(truncatingIfNeeded: seed) &+ 1) &* 0x9e37_79b9_7f4a_7c15
    bits = (bits ^ (bits >> 29)) &* 0xbf58_476d_1ce4_e5b9
    return Float(bits >> 48) / 32768 - 1
}

func example() throws {
    let inputs = 128
    func batch(_ index: Int) -> Matrix<Float> {
        // Input 5 is never active.
        Matrix(rows: inputs, columns: 64) { $0 == 5 ? 0 : noise((index * 64 + $1) * inputs + $0) }
    }
    // snippet.show

    // snippet.batches
    var gram = try Gram<Float>(order: inputs)
    for index in 0..<4 { try gram.accumulate(batch(index)) }  // [in, tokens of the batch]
    print(gram.tokens, "tokens")
    // snippet.end

    // snippet.merge
    var others = try Gram<Float>(order: inputs)
    for index in 4..<8 { try others.accumulate(batch(index)) }
    try gram.merge(others)
    // snippet.end

    // snippet.elsewhere
    let matrix: Matrix<Float> = gram.symmetric()  // H [in, in]: to keep, to send
    let same = try Gram(matrix, tokens: gram.tokens)
    // snippet.end

    // snippet.factor
    let factor = try GramFactor(gram, options: QuantizationOptions().factor)
    print("λ is", factor.damping, "or", factor.dampingShare, "of the mean diagonal")
    for attempt in factor.failedAttempts {
        print("\(attempt.share) of it was not enough at input \(attempt.failedInput)")
    }
    // snippet.end

    // snippet.inactive
    print("no token activates inputs", factor.inactiveInputs)  // [5]
    // snippet.end

    // snippet.failure
    let empty = try Gram<Float>(order: inputs)
    do {
        _ = try GramFactor(empty, options: QuantizationOptions().factor)
    } catch .allInputsInactive(let inputs, let tokens) {
        print("\(tokens) tokens left all \(inputs) inputs at zero")
    } catch .notPositiveDefinite(let input, _, let attempts) {
        print("input \(input) with damping \(attempts.map(\.share))")
    } catch {
        print(error)
    }
    // snippet.end

    // snippet.hide
    precondition(gram.tokens == 8 * 64 && same.symmetric() == matrix, "\(gram.tokens) tokens")
    precondition(factor.inactiveInputs == [5] && factor.failedAttempts.isEmpty, "\(factor.inactiveInputs)")
}

try example()
