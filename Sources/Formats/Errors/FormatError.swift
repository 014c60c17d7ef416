import AdaDimJSON
import AdaDimSafetensors

/// Why a layer cannot be stored in a format, or not be read from a file of it.
package enum FormatError: Error, Equatable {
    // Before a run.
    case cannotHold(module: String, format: String, reason: String)
    case disagreement(module: String, scheme: String, other: String, otherScheme: String, format: String)
    case openDirection(module: String, directions: [String], format: String)
    // Writing.
    case scaleNotStorable(module: String, scale: Float, elementType: String)
    // Reading the configuration.
    case invalidJSON(file: String, reason: String)
    case missingKey(file: String, key: String, expected: String)
    case wrongValue(file: String, key: String, found: String, expected: String)
    case unreadableScheme(file: String, key: String, reason: String, readable: String)
    // Reading tensors.
    case missingTensor(name: String, place: String)
    case wrongShape(tensor: String, file: String, found: [Int], expected: String)
    case wrongElementType(tensor: String, file: String, found: TensorElementType, expected: String)
    case notFinite(tensor: String, file: String, value: Float, index: [Int])
    case badContent(tensor: String, file: String, reason: String)
}

extension FormatError: JSONKeysFailure {}

extension FormatError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .cannotHold(let module, let format, let reason):
            "layer \(module): \(format) cannot hold it: it would have \(reason)"
        case .disagreement(let module, let scheme, let other, let otherScheme, let format):
            "layers \(other) and \(module) have the same input, so \(format) needs one scheme for both: the first would "
                + "have \(otherScheme), the second \(scheme)"
        case .openDirection(let module, let directions, let format):
            "layer \(module): its groups may run \(directions.joined(separator: " or ")), which the run decides layer by "
                + "layer, but \(format) needs one direction for all layers of an input, stated before the run"
        case .scaleNotStorable(let module, let scale, let elementType):
            "layer \(module): the scale \(scale) is not a finite \(elementType); scales are rounded to it before use"
        case .invalidJSON(let file, let reason): "\(file): not a JSON object as expected: \(reason)"
        case .missingKey(let file, let key, let expected): "\(file): \(key) is missing, expected \(expected)"
        case .wrongValue(let file, let key, let found, let expected):
            "\(file): \(key) is \(found), expected \(expected)"
        case .unreadableScheme(let file, let key, let reason, let readable):
            "\(file): \(key) cannot be read: \(reason); supported is \(readable)"
        case .missingTensor(let name, let place): "\(place): no tensor \(name) in the weights"
        case .wrongShape(let tensor, let file, let found, let expected):
            "\(file): tensor \(tensor) has shape \(found), expected \(expected)"
        case .wrongElementType(let tensor, let file, let found, let expected):
            "\(file): tensor \(tensor) holds \(found.rawValue), expected \(expected)"
        case .notFinite(let tensor, let file, let value, let index):
            "\(file): tensor \(tensor) holds \(value) at \(index), expected finite weights"
        case .badContent(let tensor, let file, let reason): "\(file): tensor \(tensor): \(reason)"
        }
    }
}
