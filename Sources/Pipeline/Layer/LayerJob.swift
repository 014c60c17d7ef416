import AdaDimQuantization
import AdaDimQuantizedMatrices

/// The options of `adadim layer`.
package struct LayerJob: Sendable {
    /// The file to read.
    package var input: String
    /// The file to write; nil to measure only.
    package var output: String?
    /// The type of the scales aside, which is `scaleType`'s.
    package var options: QuantizationOptions
    /// nil for the type of the weight.
    package var scaleType: ScaleType?
    /// Whether codes are written in their bits, or in a byte each.
    package var isPacked = false
    /// Whether the dequantized weight is written, too.
    package var writesDequantized = false
    package var overwrite = false

    package init(input: String, output: String? = nil, options: QuantizationOptions = .init()) {
        self.input = input
        self.output = output
        self.options = options
    }
}

/// The progress of a run on a layer.
package enum LayerProgress: Sendable {
    /// The file is open and fits the memory.
    case began(name: String, rows: Int, columns: Int, tokens: Int?)
    /// So much of a part is done, 0 to 1; from any thread.
    case advanced(Part, share: Double)

    package enum Part: String, Sendable {
        case gram = "Gram matrix"
        case factor
        case codes
        case writing
    }
}
