import AdaDimFormats
import AdaDimJSON
import AdaDimSafetensors

/// Keys of this module's files.
typealias JSONKeys = AdaDimJSON.JSONKeys<CheckpointError>

extension CheckpointError: JSONKeysFailure {}

extension Checkpoint.Location: StoredTensor {
    package var name: String { entry.name }
    package var path: String { file.path }
    package var elementType: TensorElementType { entry.elementType }
    package var shape: [Int] { entry.shape }

    package func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try file.withBytes(of: entry, body)
    }
}

extension Checkpoint: TensorSource {
    package var place: String { directory.path }

    package func storedName(of name: String) -> String { naming.stored(name) }

    package func tensor(_ name: String) -> (any StoredTensor)? { try? location(of: name) }

    /// The packed layer of a weight that is stored so; nil for any other name.
    func packedLayer(of weightName: String) -> (any PackedLayer)? {
        guard let packedLayers, weightName.hasSuffix(".weight") else { return nil }
        return packedLayers[String(weightName.dropLast(".weight".count))]
    }
}
