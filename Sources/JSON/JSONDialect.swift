/// Whose JSON a text is.
package enum JSONDialect: Sendable {
    /// Of RFC 8259, as the Rust libraries read it for which tokenizer.json and the headers of .safetensors files are made:
    /// an object has each key once, numbers are finite, and surrogates come in pairs.
    case strict
    /// As Python's json module reads it: `NaN`, `Infinity` and `-Infinity` are numbers, of a key that an object has twice
    /// the last value counts, and half of a surrogate pair is a character.
    case python

    /// Deeper nesting than any file has would only serve to exhaust the stack.
    var maximumDepth: Int {
        switch self {
        case .strict: 64
        case .python: 512
        }
    }
}
