/// A matrix [out, in] as colours on a logarithmic axis, output channels from top to bottom and input channels from left to
/// right, with a profile along each side.
package struct MatrixMap: Sendable {
    /// More blocks than this in either direction would make a page of many layers large, and show little more. The widths of
    /// layers are multiples of it, so blocks are equally large.
    static let mostBlocks = 64

    let title: String
    let caption: String
    let outputs: Int
    let inputs: Int
    /// Both at most `mostBlocks`.
    let rows: Int
    let columns: Int
    /// [rows, columns], row after row: the largest value of each block, NaN where it has none.
    package let values: [Float]
    /// Drawn along the top.
    package let inputMarginal: BlockMaxima
    /// Drawn along the right side.
    package let outputMarginal: BlockMaxima
    let unit: String

    /// - Parameters:
    ///   - outputs: output channels of the layer.
    ///   - inputs: input channels of the layer.
    ///   - values: [rows, columns], row after row: the largest value of each block of the layer's matrix.
    ///   - inputMarginal: along the input channels, of any length that divides them evenly enough.
    ///   - outputMarginal: along the output channels.
    package init(
        title: String, caption: String, outputs: Int, inputs: Int, rows: Int, columns: Int, values: [Float],
        inputMarginal: [Double], outputMarginal: [Double], unit: String
    ) {
        self.title = title
        self.caption = caption
        self.outputs = outputs
        self.inputs = inputs
        (self.values, self.rows, self.columns) = BlockMaxima.reduce(
            values, rows: rows, columns: columns, most: Self.mostBlocks)
        self.inputMarginal = BlockMaxima(inputMarginal, most: Self.mostBlocks)
        self.outputMarginal = BlockMaxima(outputMarginal, most: Self.mostBlocks)
        self.unit = unit
    }
}
