import AdaDimLinearAlgebra

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

    /// How it stores a layer.
    package func storage(of scheme: LayerScheme) -> LayerStorage {
        packing?.limits.storage(of: scheme) ?? .dense(because: nil)
    }

    /// What a layer takes in it whose weight is loaded as `type`.
    package func size(of scheme: LayerScheme, type: StoredFloat) -> StoredSize {
        if let packing, storage(of: scheme) == .packed { return packing.size(of: scheme) }
        return StoredSize(dense: type, rows: scheme.layout.rows, columns: scheme.layout.columns)
    }
}

extension ExportFormat: Hashable {
    package static func == (a: ExportFormat, b: ExportFormat) -> Bool { a.name == b.name }
    package func hash(into hasher: inout Hasher) { hasher.combine(name) }
}
