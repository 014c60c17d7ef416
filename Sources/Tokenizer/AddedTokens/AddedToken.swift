import AdaDimJSON

/// A token that is looked for in the text itself, before anything is split or merged.
struct AddedToken: Sendable {
    let id: Int32
    let text: ByteString
    /// Found only where no word character touches it.
    let singleWord: Bool
    /// Swallows the white space to its left.
    let stripsLeft: Bool
    /// Swallows the white space to its right.
    let stripsRight: Bool
    /// Looked for in the normalized text, itself normalized.
    let isNormalized: Bool
    let isSpecial: Bool

    init(_ configuration: ConfigurationValue) throws(TokenizerError) {
        id = try configuration.required("id").tokenID()
        text = try configuration.required("content").text()
        singleWord = try configuration.required("single_word").boolean()
        stripsLeft = try configuration.required("lstrip").boolean()
        stripsRight = try configuration.required("rstrip").boolean()
        isNormalized = try configuration.required("normalized").boolean()
        isSpecial = try configuration.required("special").boolean()
        if text.bytes.isEmpty { throw configuration.malformed("the token's content is empty") }
    }
}
