import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// A layer that is ready to be written.
package struct FinishedLayer: Sendable {
    /// As in `model.layers.3.self_attn.q_proj`.
    package let module: String
    /// The tensor that it replaces.
    package let weightName: String
    package let quantized: QuantizedMatrix
    /// What the weight is loaded in, and the type of its scales.
    package let type: StoredFloat

    package init(module: String, weightName: String, quantized: QuantizedMatrix, type: StoredFloat) {
        self.module = module
        self.weightName = weightName
        self.quantized = quantized
        self.type = type
    }

    /// The scales' bytes, row-major. They must be numbers of their type already: codes were computed from them.
    package func storedScales() throws(FormatError) -> [UInt8] {
        let scales = quantized.scales.rowMajorElements
        if let scale = scales.first(where: { type.rounded($0) != $0 || !$0.isFinite }) {
            throw .scaleNotStorable(module: module, scale: scale, elementType: type.elementType.rawValue)
        }
        return [UInt8](unsafeUninitializedCapacity: scales.count * type.byteWidth) { buffer, count in
            count = scales.count * type.byteWidth
            guard let target = buffer.baseAddress else { return }
            _ = type.narrow(scales, count: scales.count, to: UnsafeMutableRawPointer(target))
        }
    }
}
