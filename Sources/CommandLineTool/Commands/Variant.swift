import AdaDimPipeline
import AdaDimQuantization
import AdaDimRecipe

/// One way of quantizing a model.
struct Variant {
    let method: QuantizationOptions.Method
    let direction: QuantizationOptions.Direction
    var effort = Effort.fast

    static func all(select: QuantizationOptions.Selection) -> [Variant] {
        QuantizationOptions.Method.allCases.flatMap { method in
            [.fixed(.perOutputChannel), .fixed(.perInputChannel), .adaptive(by: select)].map {
                Variant(method: method, direction: $0)
            }
        }
            + [Effort.balanced, .best].map {
                Variant(method: .gptq, direction: .adaptive(by: select), effort: $0)
            }
    }

    var name: String {
        let choice = direction.isAdaptive && method == .gptq ? " (\(direction.selection.rawValue))" : ""
        let name = "\(method.rawValue.uppercased()) \(direction.name)\(choice)"
        return effort == .fast ? name : name + ", \(effort.rawValue)"
    }

    var directoryName: String {
        "\(method.rawValue)-\(direction.name)" + (effort == .fast ? "" : "-\(effort.rawValue)")
    }
}
