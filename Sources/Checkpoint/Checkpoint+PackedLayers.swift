import AdaDimLinearAlgebra

extension Checkpoint {
    func packedLayer(of name: String) throws(CheckpointError) -> PackedLayer? { nil }

    func matrix(
        of layer: PackedLayer, shape: (rows: Int, columns: Int)?
    ) throws(CheckpointError) -> Matrix<Float> {
        throw .missingTensor(name: layer.module, directory: directory.path)
    }
}
