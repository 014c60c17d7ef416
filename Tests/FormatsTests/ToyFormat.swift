import AdaDimFormats
import AdaDimJSON
import AdaDimLinearAlgebra
import Foundation

/// A format of nothing but limits.
struct ToyFormat: PackedFormat {
    var limits: SchemeLimits
    let quantMethod = "toy"
    let readable = "nothing"

    func size(of scheme: LayerScheme) -> StoredSize { StoredSize(dense: .float32, rows: 0, columns: 0) }

    func planned(for module: String, shape: [Int], type: StoredFloat) -> [PlannedTensor] { [] }

    func write(_ layer: FinishedLayer, to container: any TensorContainer) throws {}

    func configuration(of layers: [ConfiguredLayer]) throws -> [(key: String, value: Data)] { [] }

    func layers(
        in config: JSONKeys<FormatError>, _ moduleName: (String) -> String?
    ) throws(FormatError) -> [String: any PackedLayer] { [:] }
}
