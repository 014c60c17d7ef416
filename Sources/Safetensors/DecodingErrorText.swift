/// What is wrong with a text that was to be a JSON object, in a few words of this project's own.
package func decodingErrorText(_ error: any Error) -> String {
    guard case DecodingError.typeMismatch(_, let context) = error,
        let found = context.debugDescription.firstMatch(of: /but found (.+) instead/)
    else { return "not valid JSON" }
    return "found \(found.1), expected an object"
}
