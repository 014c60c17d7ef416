/// Why a tokenizer file was refused, or a text could not be encoded.
package struct TokenizerError: Error, Equatable, CustomStringConvertible {
    package enum Kind: Sendable, Equatable {
        /// The file cannot be read.
        case unreadable
        /// The file is not JSON.
        case invalidJSON
        /// A value is missing, of the wrong type, or contradicts another.
        case malformed
        /// The value is legal, but this module has no implementation of it.
        case unsupported
        /// The tokenizer is sound, but has no ids for this text.
        case encoding
    }

    package let kind: Kind
    /// Empty where the text alone is to blame.
    package let file: String
    /// Where in the file, as a path of keys and indices (`pre_tokenizer.pretokenizers[1].pattern`); may be empty.
    package let place: String
    package let problem: String

    package var description: String {
        [file, place, problem].filter { !$0.isEmpty }.joined(separator: ": ")
    }
}
