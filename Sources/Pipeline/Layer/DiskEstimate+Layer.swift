import AdaDimLayerFiles
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices

extension DiskEstimate {
    /// Of a layer's file: its codes, and its dequantized weight.
    package init(_ file: LayerFile, _ job: LayerJob) {
        let rowBytes =
            job.isPacked ? 4 * PackedRows.wordsPerRow(columns: file.columns, bits: job.options.grid.bits) : file.columns
        let dequantized = job.writesDequantized ? file.columns * file.weightType.byteWidth : 0
        self.init(bytes: file.rows * (rowBytes + dequantized))
    }
}
