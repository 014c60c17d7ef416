import AdaDimCheckpoint
import AdaDimLinearAlgebra
import AdaDimSafetensors
import Foundation

/// One linear layer in a safetensors file, as Documentation/LayerFile.md describes it.
///
/// | tensor | type, shape | content |
/// |---|---|---|
/// | weight | BF16, F16 or F32 [out, in] | W |
/// | activations | BF16, F16 or F32 [tokens, in] or [batch, tokens, in] | calibration inputs, a token a row |
/// | gram | F32 or F64 [in, in] | X·Xᵀ, in place of activations |
///
/// The header is checked when the file is opened; the tensors' elements are checked when they are read.
package struct LayerFile: Sendable {
    package let path: String
    /// What the layer is called: `name` in the file's metadata, or the file's name without its extension.
    package let name: String
    /// Outputs and inputs of the weight.
    package let rows: Int
    package let columns: Int
    /// How the weight is stored.
    package let weightType: StoredFloat
    /// Tokens of the activations; for a Gram matrix `tokens` of the metadata, nil without it.
    package let tokenCount: Int?
    /// Names of tensors that are none of the three, sorted.
    package let unusedTensors: [String]

    let file: SafetensorsFile
    let weightEntry: TensorEntry
    let calibration: Calibration

    /// What the Gram matrix comes from.
    enum Calibration {
        case activations(TensorEntry, StoredFloat, tokens: Int)
        case gram(TensorEntry)
    }

    /// Tokens of ``makeGram(between:)``'s panels of activations: with fewer, reading and writing the Gram matrix once a
    /// panel would set the pace.
    private static let longestPanel = 2048

    /// Tokens that are in memory at the same time while the Gram matrix is made.
    package var tokensAtOnce: Int {
        guard case .activations(_, _, let tokens) = calibration else { return 0 }
        return min(tokens, Self.longestPanel)
    }

    /// Opens a file and checks its header.
    package init(path: String) throws(LayerFileError) {
        self.path = path
        do {
            file = try SafetensorsFile(path: path)
        } catch {
            throw LayerFileError(file: path, .safetensors(error.problem))
        }
        let names = file.tensors.map(\.name)
        unusedTensors = names.filter { !["weight", "activations", "gram"].contains($0) }.sorted()
        do throws(LayerFileError.Problem) {
            guard let weight = file["weight"] else { throw LayerFileError.Problem.noWeight(found: names.sorted()) }
            weightEntry = weight
            weightType = try Self.type(of: weight)
            guard weight.shape.count == 2, !weight.shape.contains(0) else {
                throw LayerFileError.Problem.wrongShape(
                    tensor: weight.name, found: weight.shape, expected: "[out, in], neither of them 0")
            }
            (rows, columns) = (weight.shape[0], weight.shape[1])
            switch (file["activations"], file["gram"]) {
            case (nil, nil): throw LayerFileError.Problem.noCalibration
            case (.some, .some): throw LayerFileError.Problem.bothCalibrations
            case (let activations?, nil):
                let tokens = try Self.tokens(of: activations, inputs: columns)
                calibration = .activations(activations, try Self.type(of: activations), tokens: tokens)
                tokenCount = tokens
            case (nil, let gram?):
                try Self.check(gram: gram, inputs: columns)
                calibration = .gram(gram)
                tokenCount = try Self.tokens(stated: file.metadata["tokens"])
            }
        } catch {
            throw LayerFileError(file: path, error)
        }
        name = file.metadata["name"] ?? URL(filePath: path).deletingPathExtension().lastPathComponent
    }

    private static func type(of tensor: TensorEntry) throws(LayerFileError.Problem) -> StoredFloat {
        guard let type = StoredFloat(tensor.elementType) else {
            throw .wrongElementType(tensor: tensor.name, found: tensor.elementType, expected: "BF16, F16 or F32")
        }
        return type
    }

    private static func tokens(of tensor: TensorEntry, inputs: Int) throws(LayerFileError.Problem) -> Int {
        let shape = tensor.shape
        guard (2...3).contains(shape.count), shape.last == inputs, !shape.contains(0) else {
            throw .wrongShape(
                tensor: tensor.name, found: shape,
                expected: "[tokens, \(inputs)] or [batch, tokens, \(inputs)] with at least one token, by the shape "
                    + "of weight")
        }
        // The header's check found that this does not overflow.
        return shape.dropLast().reduce(1, *)
    }

    private static func check(gram: TensorEntry, inputs: Int) throws(LayerFileError.Problem) {
        guard [.float32, .float64].contains(gram.elementType) else {
            throw .wrongElementType(tensor: gram.name, found: gram.elementType, expected: "F32 or F64")
        }
        guard gram.shape == [inputs, inputs] else {
            throw .wrongShape(
                tensor: gram.name, found: gram.shape, expected: "[\(inputs), \(inputs)], by the shape of weight")
        }
    }

    private static func tokens(stated: String?) throws(LayerFileError.Problem) -> Int? {
        guard let stated else { return nil }
        guard let tokens = Int(stated), tokens > 0 else { throw .badTokenCount(found: stated) }
        return tokens
    }
}
