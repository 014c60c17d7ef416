import AdaDimFormats
import AdaDimLinearAlgebra
import Foundation

/// compressed-tensors with other limits, or with layers of a role whose numbers it would change.
struct RestrictedFormat: PackedFormat {
    let limits: SchemeLimits
    private let role: String?

    init(_ limits: SchemeLimits, losing role: String? = nil) { (self.limits, self.role) = (limits, role) }

    private var format: any PackedFormat {
        guard let packing = ExportFormat.compressedTensors.packing else { preconditionFailure("no packed format") }
        return packing
    }

    func loss(of layer: FinishedLayer) -> String? {
        role.flatMap { layer.module.hasSuffix($0) ? "its scales would be rounded" : nil }
    }

    func size(of scheme: LayerScheme) -> StoredSize { format.size(of: scheme) }

    func planned(for module: String, shape: [Int], type: StoredFloat) -> [PlannedTensor] {
        format.planned(for: module, shape: shape, type: type)
    }

    func write(_ layer: FinishedLayer, to container: any TensorContainer) throws {
        try format.write(layer, to: container)
    }

    /// None where nothing is packed, so that what it writes is a plain model.
    func configuration(of layers: [ConfiguredLayer]) throws -> [(key: String, value: Data)] {
        layers.contains { $0.scheme != nil } ? try format.configuration(of: layers) : []
    }
}
