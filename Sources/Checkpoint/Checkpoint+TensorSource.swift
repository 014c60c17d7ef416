import AdaDimFormats
import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices
import AdaDimSafetensors

extension Checkpoint.Location: StoredTensor {
    package var name: String { entry.name }
    package var path: String { file.path }
    package var elementType: TensorElementType { entry.elementType }
    package var shape: [Int] { entry.shape }
    package var type: TensorType { file.type(of: entry) }

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

    /// The names of the tensors that hold a weight: a packed layer's parts, or the one of its own name.
    package func tensors(holding weightName: String) -> [String] {
        packedLayer(of: weightName)?.tensors ?? [weightName]
    }

    /// The shape of a weight [out, in], packed or not, by the files' headers.
    package func shape(ofWeight name: String) throws(CheckpointError) -> [Int] {
        guard let packed = packedLayer(of: name) else { return try location(of: name).entry.shape }
        return try CheckpointError.reading { () throws(FormatError) in
            let layout = try packed.scheme(in: self).layout
            return [layout.rows, layout.columns]
        }
    }

    /// A packed layer's dequantized weight [out, in] and the type that its numbers are rounded to; nil for one that is stored as
    /// plain numbers.
    package func loaded(_ layer: LinearLayer) throws(CheckpointError) -> (weight: Matrix<Float>, type: StoredFloat)? {
        guard let packed = packedLayer(of: weightName(of: layer)) else { return nil }
        return try CheckpointError.reading { () throws(FormatError) in try packed.loaded(in: self) }
    }

    /// A packed layer's codes, scales and zero points; nil for one that is stored as plain numbers.
    package func quantized(_ layer: LinearLayer) throws(CheckpointError) -> QuantizedMatrix? {
        guard let packed = packedLayer(of: weightName(of: layer)) else { return nil }
        return try CheckpointError.reading { () throws(FormatError) in try packed.quantized(in: self) }
    }

    /// The packed layer of a weight that is stored so; nil for any other name.
    func packedLayer(of weightName: String) -> (any PackedLayer)? {
        guard let packedLayers, weightName.hasSuffix(".weight") else { return nil }
        return packedLayers[String(weightName.dropLast(".weight".count))]
    }
}
