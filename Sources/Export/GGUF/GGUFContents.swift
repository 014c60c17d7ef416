import AdaDimArchitectures
import AdaDimCheckpoint
import AdaDimFiles
import AdaDimGGUF
import AdaDimSafetensors

/// What a model's GGUF file has: metadata, and which tensors. Made, and refused, before a run.
struct GGUFContents {
    /// A tensor of the model that has a place in the file.
    struct Tensor {
        let file: any WeightFile
        let entry: TensorEntry
        let stored: GGUFNaming.Tensor
        let type: GGUFTensorType
        var shape: [Int] { entry.shape }
    }

    static let fileTypeKey = "general.file_type"
    /// The version of the blocks, and a type that is set at the end.
    private static let blockMetadata: [(key: String, value: GGUFValue)] = [
        ("general.quantization_version", .unsigned32(2)), (fileTypeKey, .unsigned32(0)),
    ]

    /// In the order of the model's files.
    private(set) var tensors: [Tensor] = []
    /// The weights of layers that are packed in the model: each is written anew, by its name in the file.
    private(set) var rewritten: [(name: String, shape: [Int])] = []
    /// Tensors that are computed from the configuration.
    let computed: [(name: String, values: [Float])]
    let metadata: [(key: String, value: GGUFValue)]
    private(set) var notices: [String] = []
    private let naming: GGUFNaming
    private let embedding: String
    private let names: ModelNames

    /// - Throws: ``ExportError/notInGGUF(model:reason:)``.
    init(_ model: Checkpoint) throws {
        let configuration = model.configuration
        func refusal(_ reason: String) -> ExportError { .notInGGUF(model: model.directory.path, reason: reason) }
        guard let naming = GGUFNaming(configuration) else {
            throw refusal("its model_type \(configuration.modelType), which llama.cpp is not known to compute")
        }
        self.naming = naming
        names = configuration.architecture.names
        embedding = model.embeddingName
        do { _ = try model.outputName() } catch { throw refusal("no output projection: \(error)") }
        let header = try GGUFModelMetadata(model, naming.description)
        let tokenizer = try GGUFTokenizer(model)
        metadata = header.metadata + tokenizer.metadata + Self.blockMetadata
        computed = header.tensors
        notices = header.notices + tokenizer.notices
        try addTensors(of: model, refusal)
    }

    private mutating func addTensors(of model: Checkpoint, _ refusal: (String) -> ExportError) throws {
        let own = Set(model.configuration.layers.flatMap { [$0.weightName, $0.biasName] }.map(model.naming.stored))
        var leftOut: [String] = []
        let packed =
            model.configuration.layers.filter { model.packedLayers?[$0.moduleName] != nil } + model.packedTables
        let holding = Set(
            packed.flatMap { model.tensors(holding: model.weightName(of: $0)) }.map(model.naming.stored))
        for layer in packed {
            let name = model.weightName(of: layer)
            guard let place = place(of: name) else {
                throw refusal(
                    "the layer \(layer.moduleName), which llama.cpp's \(naming.description.architecture) does not have")
            }
            rewritten.append((name: place.name, shape: try model.shape(ofWeight: name)))
        }
        for file in model.files {
            for entry in model.tensors(of: file) where !holding.contains(entry.name) {
                guard let place = place(of: model.naming.full(entry.name)) else {
                    // What the model computes with must be in the file.
                    guard !own.contains(entry.name) else {
                        throw refusal(
                            "the tensor \(entry.name), which llama.cpp's \(naming.description.architecture) does not have"
                        )
                    }
                    leftOut.append(entry.name)
                    continue
                }
                guard let type = GGUFTensorType(entry.elementType) else {
                    throw refusal(
                        "the tensor \(entry.name) of \(entry.elementType.rawValue), expected BF16, F16 or F32")
                }
                tensors.append(Tensor(file: file, entry: entry, stored: place, type: type))
            }
        }
        if !leftOut.isEmpty {
            notices.append("\(shortList(leftOut.sorted())): not in the GGUF file, where no computation uses it")
        }
    }

    /// The place of a tensor by this project's name; nil where the file has none for it. A table of embeddings that is stored as the
    /// output projection is that of the embeddings, which llama.cpp uses for both.
    func place(of name: String) -> GGUFNaming.Tensor? {
        naming[name == embedding ? names.embeddingWeight : name]
    }
}
