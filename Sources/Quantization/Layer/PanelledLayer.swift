import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// Quantizes one weight with a ``LayerQuantizer``, panel of rows after panel: for weights too large to hold in memory
/// at once. Add the rows of ``nextRows`` until it is nil; with an adaptive choice by round-to-nearest all of them are
/// needed twice.
///
///     var layer = try PanelledLayer(rows: 16384, columns: 53248, panelRows: 2048, quantizer: quantizer)
///     while let rows = layer.nextRows { try layer.add(read(rows)) }
///     let result = try layer.finished()
public struct PanelledLayer<Scalar: RealScalar>: Sendable {
    private let quantizer: LayerQuantizer<Scalar>
    private let rows: Int
    private let columns: Int
    private let panelRows: Int
    private let flops: FlopCounter
    /// Read once: a layer's panels of rows are cut by one count, whatever is set in the meantime.
    private let threads: Int

    private var readings: ArraySlice<Reading>
    private var isFirstReading = true
    private var position = 0
    private var measured = MeasuredLayer()
    private var outputs: [ChannelDimension: QuantizedRows] = [:]

    /// What is done with all rows, one panel of them after another.
    private struct Reading: Sendable {
        let method: QuantizationOptions.Method
        /// Empty for the direction that the reading before chose.
        let dimensions: [ChannelDimension]
        /// Whether its codes are needed, or only its losses.
        let keepsCodes: Bool

        /// Flops for each row: of round-to-nearest that of its loss.
        func flopsPerRow(columns: Int, _ refinement: Refinement) -> Double {
            let steps =
                method == .gptq
                ? layerSteps(refinement).reduce(0) { $0 + $1.flopsPerRow(columns: columns) }
                : Double(columns) * Double(columns)
            return Double(max(1, dimensions.count)) * steps
        }
    }

    /// A layer of which no rows have been seen yet.
    /// - Parameters:
    ///   - rows: outputs of the weight.
    ///   - columns: its inputs, as many as the quantizer's factor has.
    ///   - panelRows: rows to a panel; rounded up to whole per-IC groups unless the direction is fixed to per-OC.
    ///   - quantizer: the factor and the options.
    ///   - cancellation: stops the work from another thread.
    ///   - progress: called with the share of the layer's flops that is done, from any thread, one call at a time.
    /// - Throws: ``QuantizationError/emptyWeight(rows:columns:)``,
    ///   ``QuantizationError/shapeMismatch(weightInputs:gramOrder:)``, ``QuantizationError/rowsNotWholeGroups(_:inputs:)``.
    public init(
        rows: Int, columns: Int, panelRows: Int, quantizer: LayerQuantizer<Scalar>,
        cancellation: Cancellation? = nil, progress: @escaping @Sendable (Double) -> Void = { _ in }
    ) throws(QuantizationError) {
        try self.init(
            rows: rows, columns: columns, panelRows: panelRows, quantizer: quantizer,
            threads: BLASLibrary.threadCount, cancellation: cancellation, progress: progress)
    }

    /// As ``init(rows:columns:panelRows:quantizer:cancellation:progress:)``, by the count of threads that the caller has
    /// read, and has planned the layer's memory by.
    package init(
        rows: Int, columns: Int, panelRows: Int, quantizer: LayerQuantizer<Scalar>, threads: Int,
        cancellation: Cancellation? = nil, progress: @escaping @Sendable (Double) -> Void = { _ in }
    ) throws(QuantizationError) {
        guard rows > 0 && columns > 0 else { throw .emptyWeight(rows: rows, columns: columns) }
        guard columns == quantizer.factor.inputs else {
            throw .shapeMismatch(weightInputs: columns, gramOrder: quantizer.factor.inputs)
        }
        let options = quantizer.options
        try options.checkInputs(columns)
        self.panelRows = MemoryPlan.panelRows(panelRows, rows: rows, alignment: options.panelAlignment(rows: rows))
        self.rows = rows
        self.columns = columns
        self.quantizer = quantizer
        self.threads = threads
        readings = Self.readings(options)[...]
        // ‖WX‖² first.
        let flopsPerRow = readings.reduce(Double(columns) * Double(columns)) {
            $0 + $1.flopsPerRow(columns: columns, options.refinement)
        }
        flops = FlopCounter(total: flopsPerRow * Double(rows), cancellation: cancellation, progress: progress)
    }

    private static func readings(_ options: QuantizationOptions) -> [Reading] {
        let method = options.method
        let candidates = options.usedDirection.candidates
        guard options.usedDirection == .adaptive(by: .roundToNearest) && method == .gptq else {
            return [Reading(method: method, dimensions: candidates, keepsCodes: true)]
        }
        return [
            Reading(method: .roundToNearest, dimensions: candidates, keepsCodes: false),
            Reading(method: .gptq, dimensions: [], keepsCodes: true),
        ]
    }

    /// The rows to add next; nil when there are no more.
    public var nextRows: Range<Int>? {
        readings.isEmpty ? nil : position..<min(position + panelRows, rows)
    }

    /// Processes the rows of ``nextRows``, [nextRows.count, in].
    /// - Precondition: ``nextRows`` is not nil.
    /// - Throws: ``QuantizationError``. A panel of the wrong shape or with NaN changes nothing; after another error
    ///   start again with a new one.
    public mutating func add(_ panel: Matrix<Scalar>) throws(QuantizationError) {
        guard let range = nextRows, let reading = readings.first else {
            preconditionFailure("rows for a layer that needs none")
        }
        guard panel.rows == range.count && panel.columns == columns else {
            throw .panelMismatch(
                rows: panel.rows, columns: panel.columns, expectedRows: range, expectedColumns: columns)
        }
        // Every time: a caller that reads a panel twice may find something else.
        if let (row, column) = panel.firstNonFinite {
            throw .nonFiniteWeight(output: range.lowerBound + row, input: column)
        }
        if isFirstReading { try measure(panel) }
        let dimensions = reading.dimensions.isEmpty ? [measured.better(.roundToNearest)] : reading.dimensions
        let found = try quantize(panel, reading.method, dimensions)
        if reading.keepsCodes {
            for (dimension, panel) in zip(dimensions, found) {
                outputs[dimension, default: QuantizedRows(rows: rows)].append(panel)
            }
        }
        position = range.upperBound
        if position == rows {
            position = 0
            readings = readings.dropFirst()
            isFirstReading = false
        }
    }

    /// ‖W·X‖² of some rows.
    private mutating func measure(_ panel: Matrix<Scalar>) throws(QuantizationError) {
        let start = ContinuousClock.now
        measured.outputEnergy += try quantizer.factor.loss(panel, flops: flops, threads: threads)
        measured.seconds.reference += start.secondsUntilNow
    }

    private mutating func quantize(
        _ panel: Matrix<Scalar>, _ method: QuantizationOptions.Method, _ dimensions: [ChannelDimension]
    ) throws(QuantizationError) -> [QuantizedMatrix] {
        let (factor, options) = (quantizer.factor, quantizer.options)
        let layouts = dimensions.map {
            GroupLayout(rows: panel.rows, columns: columns, groupSize: options.grid.groupSize, dimension: $0)
        }
        let start = ContinuousClock.now
        switch method {
        case .roundToNearest:
            var found: [QuantizedMatrix] = []
            for layout in layouts {
                let (quantized, error) = try roundToNearest(
                    panel, UniformGrid(options.grid), layout,
                    importance: options.grid.searchesRanges ? factor.importanceInOrder : nil)
                measured.addRounded(try factor.loss(error, flops: flops, threads: threads), layout.dimension)
                found.append(quantized)
            }
            measured.seconds.roundToNearest += start.secondsUntilNow
            return found
        case .gptq:
            let swept = try solve(
                panel, factor, UniformGrid(options.grid), layouts, refinement: options.refinement, flops: flops,
                threads: threads)
            for (layout, result) in zip(layouts, swept) { measured.add(result, layout.dimension) }
            measured.seconds.sweep += start.secondsUntilNow
            return swept.map(\.quantized)
        }
    }

    /// The layer in its direction: the requested one, or that of the smaller loss.
    /// - Precondition: ``nextRows`` is nil, and this is the first call.
    /// - Throws: ``QuantizationError/outOfMemory(_:)``.
    public mutating func finished() throws(QuantizationError) -> LayerQuantization {
        precondition(readings.isEmpty, "a layer that still needs rows \(position)… of \(rows)")
        let method = quantizer.options.method
        let dimension = outputs.count == 1 ? outputs.first?.key : measured.better(method)
        guard let dimension, var output = outputs.removeValue(forKey: dimension) else {
            preconditionFailure("a layer without codes, or one that was finished before")
        }
        // The other direction's codes make room for the joining.
        outputs = [:]
        return LayerQuantization(
            quantized: try output.join(), method: method, loss: measured.losses[dimension]?.final(method) ?? 0,
            outputEnergy: measured.outputEnergy, losses: measured.losses, seconds: measured.seconds)
    }
}

/// What was measured of a layer so far.
private struct MeasuredLayer: Sendable {
    var outputEnergy = 0.0
    var losses: [ChannelDimension: LayerQuantization.Losses] = [:]
    var seconds = LayerQuantization.Seconds()

    mutating func addRounded(_ loss: Double, _ dimension: ChannelDimension) {
        losses[dimension, default: .init()].roundToNearest = (losses[dimension]?.roundToNearest ?? 0) + loss
    }

    /// Adds what the steps left of some rows.
    mutating func add(_ solved: SolvedWeight, _ dimension: ChannelDimension) {
        var sums = losses[dimension] ?? .init()
        if sums.steps.isEmpty { sums.steps = solved.steps.map { .init(name: $0.name, loss: 0) } }
        for (place, step) in solved.steps.enumerated() { sums.steps[place].loss += step.loss }
        if solved.refinedLoss != nil { sums.passes = max(sums.passes ?? 0, solved.passes) }
        losses[dimension] = sums
    }

    /// The direction of the smaller loss, per-OC if they are equal.
    func better(_ method: QuantizationOptions.Method) -> ChannelDimension {
        guard let oc = losses[.perOutputChannel]?.final(method), let ic = losses[.perInputChannel]?.final(method),
            ic < oc
        else {
            return .perOutputChannel
        }
        return .perInputChannel
    }
}
