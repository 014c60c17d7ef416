import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// What a quantized model is written as. All formats have the same values.
package struct ExportFormat: Sendable {
    /// As `--format` and reports name it.
    package let name: String
    /// What is written, for the help of `--format`; it has the name in parentheses.
    package let help: String
    /// How layers are packed; nil where all are written as plain numbers.
    package let packing: (any PackedFormat)?
    /// What the tensors are written into.
    package let container: ContainerKind

    package init(
        name: String, help: String, packing: (any PackedFormat)? = nil, container: ContainerKind = .safetensors
    ) {
        self.name = name
        self.help = help
        self.packing = packing
        self.container = container
    }

    /// The format as it is written for one model, by what its layers may become.
    package func prepared(for layers: [PlannedLayer]) -> ExportFormat {
        ExportFormat(name: name, help: help, packing: packing?.prepared(for: layers), container: container)
    }

    /// How it stores a layer.
    package func storage(of scheme: LayerScheme) -> LayerStorage {
        packing?.limits.storage(of: scheme) ?? .dense(because: nil)
    }

    /// The type of the scales of layers, of a model whose weights are loaded as `type`.
    package func scaleType(isSymmetric: Bool, loaded type: StoredFloat) -> ScaleType {
        packing?.scaleType(isSymmetric: isSymmetric, loaded: type.scaleType) ?? type.scaleType
    }

    /// What readers compute with in place of a packed weight that is loaded as `type`: its values rounded to this.
    package func computedType(loaded type: StoredFloat) -> StoredFloat { packing?.computedType ?? type }

    /// What a layer takes in it whose weight is loaded as `type`; the least where that depends on the layer's numbers.
    package func size(of scheme: LayerScheme, type: StoredFloat) -> StoredSize {
        if let packing, storage(of: scheme) == .packed { return packing.size(of: scheme) }
        return StoredSize(dense: type, rows: scheme.layout.rows, columns: scheme.layout.columns)
    }

    /// What a layer takes in it.
    package func size(of layer: FinishedLayer) -> StoredSize {
        let scheme = LayerScheme(
            of: layer.quantized, scaleType: scaleType(isSymmetric: false, loaded: layer.type))
        if let packing, storage(of: scheme) == .packed { return packing.size(of: layer) }
        return StoredSize(dense: layer.type, rows: layer.quantized.rows, columns: layer.quantized.columns)
    }
}

extension ExportFormat: Hashable {
    package static func == (a: ExportFormat, b: ExportFormat) -> Bool { a.name == b.name }
    package func hash(into hasher: inout Hasher) { hasher.combine(name) }
}
