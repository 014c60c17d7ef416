import AdaDimFormats
import AdaDimJSON
import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices
import Foundation

/// A format that writes nothing.
protocol ToyPacking: PackedFormat {}

extension ToyPacking {
    func size(of scheme: LayerScheme) -> StoredSize { StoredSize(dense: .float32, rows: 0, columns: 0) }

    func planned(for module: String, shape: [Int], type: StoredFloat) -> [PlannedTensor] { [] }

    func write(_ layer: FinishedLayer, to container: any TensorContainer) throws {}

    func configuration(of layers: [ConfiguredLayer]) throws -> [(key: String, value: Data)] { [] }
}

/// A format of nothing but limits.
struct ToyFormat: ToyPacking {
    var limits: SchemeLimits
}

/// One of several formats with one `quant_method`: `variant` in config.json says which. A checkpoint of it has one layer.
struct ReadableToyFormat: ToyPacking, ReadablePackedFormat {
    let limits = SchemeLimits()
    let quantMethod: String? = "toy"
    let variant: String
    var readable: String { "the \(variant) toy" }

    func mismatch(_ config: JSONKeys<FormatError>) throws(FormatError) -> String? {
        let found = try config.string("variant") ?? "missing"
        return found == variant ? nil : "variant is \(found), expected \(variant)"
    }

    func layers(
        in config: JSONKeys<FormatError>, of model: JSONKeys<FormatError>, _ moduleName: (String) -> String?
    ) throws(FormatError) -> [String: any PackedLayer] {
        [variant: ToyLayer(codes: variant)]
    }
}

/// A layer without tensors.
struct ToyLayer: PackedLayer {
    let codes: String
    var tensors: [String] { [] }
    var scales: String { codes }

    func check(in source: any TensorSource, shape: (rows: Int, columns: Int)?) throws(FormatError) {}

    func withMatrix<Result>(
        in source: any TensorSource, shape: (rows: Int, columns: Int)?,
        _ body: (PackedMatrix, StoredFloat) throws(FormatError) -> Result
    ) throws(FormatError) -> Result {
        throw .missingTensor(name: codes, place: source.place)
    }
}
