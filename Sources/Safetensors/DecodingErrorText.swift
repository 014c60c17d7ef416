import Foundation

/// A JSON decoding error in a few words.
package func decodingErrorText(_ error: any Error) -> String {
    switch error {
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
        context.debugDescription
    case DecodingError.dataCorrupted(let context):
        (context.underlyingError as NSError?)?.userInfo[NSDebugDescriptionErrorKey] as? String
            ?? context.debugDescription
    default: "not JSON"
    }
}
