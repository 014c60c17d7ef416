import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// The memory that quantizing a layer takes at its peak, known before any of it is allocated: bytes, by their contents.
public struct MemoryPlan: Sendable, Equatable {
    /// Outputs of the weight.
    public let rows: Int
    /// Its inputs.
    public let columns: Int
    /// Rows of a panel of the weight, whole per-IC groups.
    public let panelRows: Int

    /// H [in, in], whose memory the factor reuses.
    public let gram: Int
    /// With activation order, the place that H is sorted to: the first one goes when the second is filled, before
    /// there are workspace and codes.
    public let sorted: Int
    /// One panel of activations [in, tokens at once].
    public let activations: Int
    /// One panel of the weight [panel rows, in].
    public let weight: Int
    /// What the steps and the losses of a panel work in.
    public let workspace: Int
    /// Codes and grids, of both directions where a layer that is swept both ways keeps both until it has chosen.
    public let codes: Int

    /// The most that is held at the same time, activations and weight throughout, as by a caller that has them whole.
    public var total: Int { gram + activations + weight + max(sorted, workspace + codes) }

    /// Counts what ``LayerQuantizer`` and ``PanelledLayer`` take for such a layer; nothing is allocated.
    /// - Parameters:
    ///   - rows: outputs of the weight.
    ///   - columns: its inputs.
    ///   - tokensAtOnce: tokens of a panel of activations.
    ///   - panelRows: rows of a panel of the weight; nil for all of them.
    ///   - options: what the layer is to be quantized with.
    ///   - threads: how many there will be; each sweeps its own panel of rows.
    ///   - bytesPerNumber: 4 for Float, 8 for Double.
    /// - Throws: the options' error, ``QuantizationError/rowsNotWholeGroups(_:inputs:)``,
    ///   ``QuantizationError/emptyWeight(rows:columns:)``, and
    ///   ``QuantizationError/tooLargeToCount(rows:columns:)`` for a layer whose bytes no integer counts.
    public init(
        rows: Int, columns: Int, tokensAtOnce: Int = 0, panelRows: Int? = nil, options: QuantizationOptions = .init(),
        threads: Int = BLASLibrary.threadCount, bytesPerNumber: Int = MemoryLayout<Float>.stride
    ) throws(QuantizationError) {
        try options.validate()
        guard rows > 0 && columns > 0 else { throw .emptyWeight(rows: rows, columns: columns) }
        try options.checkInputs(columns)
        // Every figure below is less than a hundred times the largest of these.
        let largest = max(rows, columns, tokensAtOnce)
        guard largest < 1 << 28 else { throw .tooLargeToCount(rows: rows, columns: columns) }
        self.rows = rows
        self.columns = columns
        let alignment = options.panelAlignment(rows: rows)
        let panel = Self.panelRows(panelRows ?? rows, rows: rows, alignment: alignment)
        self.panelRows = panel
        gram = columns * columns * bytesPerNumber
        sorted = options.factor.activationOrder ? gram : 0
        activations = columns * tokensAtOnce * bytesPerNumber
        weight = panel * columns * bytesPerNumber

        let directions = options.usedDirection.candidates.count
        let sweeps = options.method == .gptq && options.usedDirection == .adaptive(by: .sweep) ? 2 : 1
        let shape = StepShape(columns: columns, options, threads: threads)
        let steps = options.method == .gptq ? layerSteps(options.refinement) : []
        let elementsPerRow = steps.reduce(0) { $0 + $1.elementsPerRow(of: shape) }
        let stepped =
            RowPanels.bytes(
                rows: panel, alignment: alignment, bytesPerRow: elementsPerRow * bytesPerNumber, threads: threads)
            + steps.reduce(0) { $0 + $1.sharedElements(of: shape) } * bytesPerNumber
        // Round to nearest leaves an error as large as the panel, and codes.
        let rounded =
            options.method == .roundToNearest || (directions == 2 && sweeps == 1)
            ? panel * columns * (bytesPerNumber + 1) : 0
        let product = RowPanels.bytes(
            rows: panel, alignment: 1, bytesPerRow: columns * bytesPerNumber, threads: threads)
        workspace = max(stepped, rounded + product)

        let kept = options.method == .gptq ? sweeps : directions
        // In panels, the chosen direction's codes stand twice while they are joined.
        let codeBytes = max(kept, panel < rows ? 2 : 1) * rows * columns
        let group = min(options.grid.groupSize ?? .max, max(rows, columns))
        let groups = max(rows * ((columns + group - 1) / group), (rows + group - 1) / group * columns)
        // Scales and zero points, in the arithmetic's type and as they are kept; on two levels offsets with them, and the whole
        // numbers of both twice, while they are found and as they are kept. Those of super-blocks are few.
        let ofGroup = options.grid.twoLevel == nil ? 2 * bytesPerNumber + 5 : 3 * bytesPerNumber + 5 + 5
        codes = codeBytes + kept * groups * ofGroup
    }

    /// Rows of a panel, rounded up to whole per-IC groups.
    static func panelRows(_ panelRows: Int, rows: Int, alignment: Int) -> Int {
        min(rows, (max(panelRows, 1) + alignment - 1) / alignment * alignment)
    }

    /// Refuses a layer that does not fit.
    /// - Parameter available: bytes; what ``MachineMemory`` reports if nil.
    /// - Throws: ``QuantizationError/notEnoughMemory(needed:available:rows:columns:)``.
    public func check(available: Int? = nil) throws(QuantizationError) {
        guard let available = available ?? MachineMemory.bytes, total > available else { return }
        throw .notEnoughMemory(needed: total, available: available, rows: rows, columns: columns)
    }
}

extension QuantizationOptions {
    /// Refuses a two-level grid for rows that it does not divide.
    func checkInputs(_ inputs: Int) throws(QuantizationError) {
        if let type = grid.twoLevel, inputs % TwoLevelType.superGroupSize != 0 {
            throw .rowsNotWholeGroups(type, inputs: inputs)
        }
    }

    /// Rows of a weight that belong together: a per-IC group, unless the direction is fixed to per-OC.
    func panelAlignment(rows: Int) -> Int {
        usedDirection.fixedDimension == .perOutputChannel ? 1 : min(grid.groupSize ?? rows, rows)
    }
}
