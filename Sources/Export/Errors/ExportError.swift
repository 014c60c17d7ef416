import AdaDimOutputs

/// Why a quantized model could not be written.
package enum ExportError: OutputRefusal, Equatable {
    // Where it would go.
    case outputIsCurrentDirectory(output: String)
    case outputIsModel(output: String)
    case outputInsideModel(output: String, model: String)
    case outputHoldsModel(output: String, model: String)
    case output(OutputFailure)
    case system(path: String, operation: String, reason: String)
    // What goes there.
    case layerTwice(module: String)
    case wrongShape(module: String, found: [Int], expected: [Int])
    case unsupportedElementType(module: String, found: String)
    case tensorTypeNotStorable(tensor: String, found: String)
    case overflow(module: String, elementType: String)
    case layerMissing(module: String)
    case badConfig(file: String, reason: String)
    case notInGGUF(model: String, reason: String)
}

extension ExportError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .outputIsCurrentDirectory(let output):
            "\(output): the output is the directory that the tool runs in (which an empty name means too), "
                + "expected another one"
        case .outputIsModel(let output): "\(output): the output is the model's own directory, expected another one"
        case .outputInsideModel(let output, let model):
            "\(output): the output is inside the model's directory \(model), expected a place outside"
        case .outputHoldsModel(let output, let model):
            "\(output): the output contains the model's directory \(model), expected a directory outside it"
        case .output(let failure): "\(failure)"
        case .system(let path, let operation, let reason): "\(path): \(operation) failed: \(reason)"
        case .layerTwice(let module): "layer \(module): passed to the export twice"
        case .wrongShape(let module, let found, let expected):
            "layer \(module): the quantized weight has shape \(found), the model's has \(expected)"
        case .unsupportedElementType(let module, let found):
            "layer \(module): its weight holds \(found), expected BF16, F16 or F32"
        case .tensorTypeNotStorable(let tensor, let found):
            "tensor \(tensor): planned as \(found), expected one of safetensors' types"
        case .overflow(let module, let elementType):
            "layer \(module): a quantized weight is beyond the largest \(elementType)"
        case .layerMissing(let module):
            "layer \(module): packed in the model, and not passed to the export, which copies no packed layer"
        case .badConfig(let file, let reason): "\(file): \(reason)"
        case .notInGGUF(let model, let reason): "\(model): a GGUF file cannot hold this model: it has \(reason)"
        }
    }
}
