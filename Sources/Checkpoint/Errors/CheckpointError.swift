import AdaDimFiles
import AdaDimFormats
import AdaDimGGUF
import AdaDimJSON
import AdaDimSafetensors

/// Why a model directory could not be opened or one of its tensors not read.
package enum CheckpointError: Error, Equatable {
    case notADirectory(path: String, found: String)
    case unreadable(file: String, reason: String)
    case standIn(file: String, StandIn)
    case adapter(file: String)
    case noWeights(directory: String, found: String?)
    case invalidJSON(file: String, reason: String)
    case missingKey(file: String, key: String, expected: String)
    case wrongValue(file: String, key: String, found: String, expected: String)
    case unsupported(file: String, key: String, found: String, supported: [String])
    case notComputed(file: String, modelType: String, part: String)
    case inconsistent(file: String, reason: String)
    case alreadyQuantized(file: String, by: String)
    case format(FormatError)
    case safetensors(SafetensorsError)
    case gguf(GGUFError)
    case notKnownToGGUF(file: String, modelType: String)
    case badShardName(index: String, shard: String)
    case missingTensor(name: String, directory: String)
    case ambiguousTensor(name: String, stored: [String], directory: String)
    case noOutputProjection(directory: String, reason: String)
    case wrongShape(tensor: String, file: String, found: [Int], expected: String)
    case notFinite(tensor: String, file: String, value: Float, index: [Int])
    case rowOutside(tensor: String, file: String, row: Int, rows: Int)

    /// Runs `body`, which reads what a format describes.
    static func reading<Result>(_ body: () throws(FormatError) -> Result) throws(CheckpointError) -> Result {
        do { return try body() } catch { throw .format(error) }
    }
}

extension CheckpointError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notADirectory(let path, let found):
            "\(path): \(found), expected a directory with config.json and .safetensors files"
        case .unreadable(let file, let reason): "\(file): cannot be read: \(reason)"
        case .standIn(let file, let found): "\(file): \(found)"
        case .adapter(let file):
            "\(file): an adapter next to the model, which transformers applies where peft is installed; merge it into the "
                + "model (peft: merge_and_unload, save_pretrained), or remove the file to leave the adapter out"
        case .noWeights(let directory, let found):
            "\(directory): neither model.safetensors nor model.safetensors.index.json found"
                + (found.map { "; there is \($0)" } ?? "")
        case .invalidJSON(let file, let reason): "\(file): not a JSON object as expected: \(reason)"
        case .missingKey(let file, let key, let expected): "\(file): \(key) is missing, expected \(expected)"
        case .wrongValue(let file, let key, let found, let expected):
            "\(file): \(key) is \(found), expected \(expected)"
        case .unsupported(let file, let key, let found, let supported):
            "\(file): \(key) is \(found), which is not supported; supported: \(supported.joined(separator: ", "))"
        case .notComputed(let file, let modelType, let part):
            "\(file): model_type \(modelType) has \(part), which this version does not compute"
        case .inconsistent(let file, let reason): "\(file): \(reason)"
        case .alreadyQuantized(let file, let means):
            "\(file): the model is already quantized (\(means)); expected an unquantized one"
        case .format(let error): "\(error)"
        case .safetensors(let error): "\(error)"
        case .gguf(let error): "\(error)"
        case .notKnownToGGUF(let file, let modelType):
            "\(file): it is not known what tensors of a model with model_type \(modelType) are called in a GGUF file"
        case .badShardName(let index, let shard):
            "\(index): shard \"\(shard)\" is not a .safetensors file inside the model's directory"
        case .missingTensor(let name, let directory): "\(directory): no tensor \(name) in the weights"
        case .ambiguousTensor(let name, let stored, let directory):
            "\(directory): the weights hold \(name) more than once: \(stored.joined(separator: ", ")); expected one of them"
        case .noOutputProjection(let directory, let reason):
            "\(directory): no output projection, which perplexity, comparisons and multiple choice need: \(reason)"
        case .wrongShape(let tensor, let file, let found, let expected):
            "\(file): tensor \(tensor) has shape \(found), expected \(expected)"
        case .notFinite(let tensor, let file, let value, let index):
            "\(file): tensor \(tensor) holds \(value) at \(index), expected finite weights"
        case .rowOutside(let tensor, let file, let row, let rows):
            "\(file): tensor \(tensor) has \(rows) rows, row \(row) was requested"
        }
    }
}

/// Keys of this module's files.
typealias JSONKeys = AdaDimJSON.JSONKeys<CheckpointError>

extension CheckpointError: JSONKeysFailure {}
