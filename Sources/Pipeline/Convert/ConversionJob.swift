import AdaDimExport
import AdaDimFormats
import Foundation

/// A packed model to be written in another format, from its codes.
package struct ConversionJob: Sendable {
    package let model: URL
    package let output: URL
    package let format: ExportFormat
    /// Whether layers that the format cannot hold as they are become plain numbers, rounded to the model's type where they have to
    /// be; refused otherwise.
    package var allowsDense = false
    package var overwrite = false

    package init(model: URL, output: URL, format: ExportFormat) {
        self.model = model
        self.output = output
        self.format = format
    }
}

/// What a conversion wrote.
package struct Conversion: Sendable {
    package let format: ExportFormat
    /// In the model's order.
    package let layers: [StoredLayer]
    /// The modules of those whose numbers were rounded to the model's type, in which plain numbers are stored.
    package let rounded: Set<String>

    /// Those that became plain numbers where the format packs others.
    package var dense: [StoredLayer] { layers.filter { $0.denseBecause != nil } }

    /// Of all its layers: stored bits over weights.
    package var bitsPerWeight: Double {
        let weights = layers.reduce(0) { $0 + $1.size.weights }
        return weights == 0 ? 0 : Double(layers.reduce(0) { $0 + $1.size.bytes }) * 8 / Double(weights)
    }
}
