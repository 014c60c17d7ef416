import AdaDimCheckpoint
import AdaDimLinearAlgebra
import AdaDimQuantization

/// What quantizing the layers of no block holds, in bytes; 0 for those that stay as they are.
struct TableMemory {
    /// Before the run's stream begins: the table's codes, and a panel of it with what that is quantized in; or, to be written as
    /// plain numbers, all of its values. Of one that is the output projection, too, the Gram matrix; the stream through the
    /// untouched model takes no more than the run's.
    private(set) var embedding = 0.0
    /// After the last block, besides the streams.
    private(set) var head = 0.0

    /// - Throws: ``QuantizationError/tooLargeToCount(rows:columns:)``.
    init(
        _ configuration: ModelConfiguration, _ plan: LayerPlan, _ run: RunMemory, _ tokens: TokenMemory, threads: Int
    ) throws(QuantizationError) {
        let (rows, columns) = (configuration.vocabularySize, configuration.hiddenSize)
        func plans(_ layer: LinearLayer?) throws(QuantizationError) -> MemoryPlan? {
            guard let options = layer.flatMap({ plan[$0] }) else { return nil }
            return try MemoryPlan(
                rows: rows, columns: columns, panelRows: TableRows.count(columns: columns), options: options,
                threads: threads)
        }
        let values = run.writesNumbers ? 4 * Double(rows) * Double(columns) : 0
        if let engine = try plans(plan.embedding) {
            let gram = plan.embedding?.place == .embedding ? 0 : engine.gram
            embedding =
                Double(gram + engine.codes)
                + max(Double(engine.weight + engine.workspace), Double(gram == 0 ? 0 : engine.sorted), values)
        }
        if let engine = try plans(plan.head) {
            let busy = max(Double(engine.weight + engine.workspace), values)
            head =
                Double(engine.gram)
                + max(
                    4 * Double(columns) * tokens.ofBatch, Double(engine.sorted), busy + Double(engine.codes))
        }
    }
}

/// The rows of a table that are quantized at one time.
enum TableRows {
    /// Some 64 MB of numbers, and no fewer rows than fill the engine's panels.
    static func count(columns: Int) -> Int { max(1024, (64 << 20) / (4 * columns)) }

    /// The parts of a table.
    static func panels(of rows: Int, columns: Int) -> [Range<Int>] {
        let count = count(columns: columns)
        return stride(from: 0, to: rows, by: count).map { $0..<min($0 + count, rows) }
    }
}
