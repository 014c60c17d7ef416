extension ExportFormat {
    /// The model as it was, with the quantized layers' weights rounded to their grids.
    package static let dequantized = ExportFormat(
        name: "dequantized",
        help: "the quantized values as plain numbers of the model's own type (dequantized), which every program opens "
            + "and which saves no space")
}
