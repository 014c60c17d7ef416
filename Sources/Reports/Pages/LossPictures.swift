import AdaDimCheckpoint
import AdaDimHTMLReport
import AdaDimQuantization
import AdaDimQuantizedMatrices

/// The pictures and cells that reports of losses share: by depth and role, and layer by layer.
struct LossPictures {
    /// The losses of one layer, and the direction that was chosen or is better.
    struct Layer {
        let name: String
        let losses: [String: QuantizationReport.DirectionLosses]
        let dimension: ChannelDimension
    }

    /// What the dots of a map of ratios mean.
    enum Mark: String {
        /// The layers that are quantized per-IC.
        case chosen
        /// The layers that lose less per-IC by the map's own method.
        case better
    }

    private let layers: [Layer]
    let places: LayerPlaces

    init(_ layers: [Layer]) {
        self.layers = layers
        places = LayerPlaces(layers.map(\.name))
    }

    private static let variants = QuantizationOptions.Method.allCases.flatMap { method in
        ChannelDimension.allCases.map { (method, $0) }
    }

    static func name(_ dimension: ChannelDimension) -> String {
        dimension == .perInputChannel ? "per-IC" : "per-OC"
    }

    private static func name(_ method: QuantizationOptions.Method) -> String { method.rawValue.uppercased() }

    private func loss(_ index: Int, _ method: QuantizationOptions.Method, _ dimension: ChannelDimension) -> Double? {
        let losses = layers[index].losses[dimension.rawValue]
        return (method == .gptq ? losses?.refined ?? losses?.gptq : losses?.rtn)?.relative
    }

    private func ratio(_ index: Int, _ method: QuantizationOptions.Method) -> Double? {
        guard let ic = loss(index, method, .perInputChannel), let oc = loss(index, method, .perOutputChannel), oc > 0
        else { return nil }
        return ic / oc
    }

    /// A heat map of per-IC's loss over per-OC's for each method that was tried in both directions.
    func ratioMaps(_ mark: Mark) -> [DepthRoleMap] {
        QuantizationOptions.Method.allCases.compactMap { method in
            let values = places.grid { ratio($0, method) }
            guard values.contains(where: { $0 != nil }) else { return nil }
            return DepthRoleMap(
                title: "Loss per-IC over per-OC, \(Self.name(method))",
                caption: """
                    The loss ‖(W−Q)X‖² of each layer with groups inside input channels, over that with groups inside output \
                    channels. Below 1 per-IC loses less. Dots mark the layers for which per-IC was \(mark.rawValue).
                    """,
                roles: places.roles, blocks: places.blocks, values: values,
                marks: places.grid { isMarked($0, method, mark) }.map { $0 ?? false },
                markLegend: "per-IC \(mark.rawValue)",
                scale: .diverging(center: 1, lowLegend: "per-IC loses less", highLegend: "per-OC loses less"),
                unit: "ratio")
        }
    }

    private func isMarked(_ index: Int, _ method: QuantizationOptions.Method, _ mark: Mark) -> Bool {
        switch mark {
        case .chosen: layers[index].dimension == .perInputChannel
        case .better: ratio(index, method).map { $0 < 1 } ?? false
        }
    }

    /// The losses of every variant that was tried, role by role.
    /// - Parameter final: of the layers as they were quantized; nil where none was.
    func curves(final: ((Int) -> Double?)? = nil) -> [DepthCurves] {
        var series = Self.variants.map { method, dimension in
            (name: "\(Self.name(method)) \(Self.name(dimension))", values: places.grid { loss($0, method, dimension) })
        }.filter { $0.values.contains { $0 != nil } }
        if let final { series.append((name: "as quantized", values: places.grid(final))) }
        return places.roles.map { role in
            DepthCurves(
                title: role, caption: "Relative loss ‖(W−Q)X‖²/‖WX‖² of \(role) by block.",
                yLabel: "relative loss", blocks: places.blocks,
                series: series.map { .init(name: $0.name, values: places.column(role, of: $0.values)) })
        }
    }

    /// The variants that have a loss for some layer, as columns of a table.
    var columns: [TableColumn] {
        triedVariants.map { method, dimension in
            TableColumn(
                title: "\(Self.name(method)) \(Self.name(dimension))",
                explanation: "Relative loss with \(Self.name(method)) and \(Self.name(dimension)) groups, "
                    + (method == .gptq ? "refined where it was." : "on the run's grids."),
                isNumeric: true)
        } + [
            TableColumn(
                title: "IC / OC",
                explanation: "Loss per-IC over loss per-OC, of GPTQ where both were swept, else of RTN.",
                isNumeric: true
            )
        ]
    }

    /// The cells of a layer for ``columns``.
    func cells(_ index: Int) -> [TableCell] {
        triedVariants.map { percentCell(loss(index, $0, $1)) }
            + [ratioCell(ratio(index, .gptq) ?? ratio(index, .roundToNearest))]
    }

    private var triedVariants: [(QuantizationOptions.Method, ChannelDimension)] {
        Self.variants.filter { method, dimension in layers.indices.contains { loss($0, method, dimension) != nil } }
    }

    /// A row of the table.
    func row(_ index: Int, cells: [TableCell], isDetailed: Bool = false) -> TableRow {
        let layer = layers[index]
        return TableRow(
            name: layer.name, block: places[index]?.block,
            role: places[index]?.role ?? layer.name.split(separator: ".").last.map(String.init) ?? "",
            direction: Self.name(layer.dimension), cells: cells, detailsAreKeptElsewhere: isDetailed)
    }
}
