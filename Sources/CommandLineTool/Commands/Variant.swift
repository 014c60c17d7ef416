import AdaDimPipeline
import AdaDimQuantization
import AdaDimRecipe

/// One way of quantizing a model.
struct Variant {
    let method: QuantizationOptions.Method
    let dimension: DimensionArgument
    let select: QuantizationOptions.Selection
    var effort = Effort.fast

    static func all(select: QuantizationOptions.Selection) -> [Variant] {
        QuantizationOptions.Method.allCases.flatMap { method in
            [DimensionArgument.perOC, .perIC, .adaptive].map {
                Variant(method: method, dimension: $0, select: select)
            }
        }
            + [Effort.balanced, .best].map {
                Variant(method: .gptq, dimension: .adaptive, select: select, effort: $0)
            }
    }

    var name: String {
        let choice = dimension == .adaptive && method == .gptq ? " (\(select.rawValue))" : ""
        let name = "\(method.rawValue.uppercased()) \(dimension.rawValue)\(choice)"
        return effort == .fast ? name : name + ", \(effort.rawValue)"
    }

    var directoryName: String {
        "\(method.rawValue)-\(dimension.rawValue)" + (effort == .fast ? "" : "-\(effort.rawValue)")
    }
}
