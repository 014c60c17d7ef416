import AdaDimCheckpoint
import AdaDimFormats
import AdaDimSafetensors
import Foundation

extension ContainerKind {
    /// Begins a model's container in a directory.
    /// - Parameter planned: what a tensor of the model may become: at most these, so that headers fit.
    func make(
        _ model: Checkpoint, _ directory: URL, planned: (TensorEntry) -> [PlannedTensor]
    ) throws -> any TensorContainer {
        switch self {
        case .safetensors: try SafetensorsShards(model, directory, planned: planned)
        case .gguf(let fileType): try GGUFContainer(model, fileType: fileType, directory)
        }
    }

    /// Checks, before a run, that it can hold a model.
    package func check(_ model: Checkpoint) throws {
        switch self {
        case .safetensors: break
        case .gguf: _ = try GGUFContents(model)
        }
    }
}
