import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// A layer that is ready to be written.
package struct FinishedLayer: Sendable {
    /// As in `model.layers.3.self_attn.q_proj`.
    package let module: String
    package let place: LayerPlace
    /// The tensor that it replaces.
    package let weightName: String
    package let quantized: QuantizedMatrix
    /// What the weight is loaded in, and the type of its scales.
    package let type: StoredFloat

    package init(
        module: String, place: LayerPlace = .block, weightName: String, quantized: QuantizedMatrix, type: StoredFloat
    ) {
        self.module = module
        self.place = place
        self.weightName = weightName
        self.quantized = quantized
        self.type = type
    }

    /// The scales' bytes, row-major. They must be numbers of their type already: codes were computed from them.
    package func storedScales() throws(FormatError) -> [UInt8] {
        try stored(quantized.scales.rowMajorElements, as: type)
    }

    /// The bytes of numbers of a type, which they must be exactly.
    func stored(_ values: [Float], as type: StoredFloat) throws(FormatError) -> [UInt8] {
        if let value = values.first(where: { type.rounded($0) != $0 || !$0.isFinite }) {
            throw .scaleNotStorable(module: module, scale: value, elementType: type.elementType.rawValue)
        }
        return [UInt8](unsafeUninitializedCapacity: values.count * type.byteWidth) { buffer, count in
            count = values.count * type.byteWidth
            guard let target = buffer.baseAddress else { return }
            _ = type.narrow(values, count: values.count, to: UnsafeMutableRawPointer(target))
        }
    }
}
