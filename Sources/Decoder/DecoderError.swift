/// Why a model cannot be run on some tokens.
package enum DecoderError: Error, Equatable, CustomStringConvertible, Sendable {
    /// `position` counts from 0 inside the sequence.
    case nonFinite(block: Int, stage: String, feature: Int, sequence: Int, position: Int)
    case nonFiniteFinalState(feature: Int, sequence: Int, position: Int)
    case tokenOutOfVocabulary(id: Int, sequence: Int, position: Int, vocabularySize: Int)

    package var description: String {
        switch self {
        case .nonFinite(let block, let stage, let feature, let sequence, let position):
            """
            block \(block), stage \(stage): NaN or infinity in feature \(feature) of token \(position) of sequence \
            \(sequence)
            """
        case .nonFiniteFinalState(let feature, let sequence, let position):
            "final norm: NaN or infinity in feature \(feature) of token \(position) of sequence \(sequence)"
        case .tokenOutOfVocabulary(let id, let sequence, let position, let vocabularySize):
            """
            token \(position) of sequence \(sequence) has id \(id), expected one of the vocabulary's 0 to \
            \(vocabularySize - 1)
            """
        }
    }
}
