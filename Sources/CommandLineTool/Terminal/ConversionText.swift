import AdaDimFiles
import AdaDimPipeline
import AdaDimReports

/// What a conversion has done, in a few lines.
struct ConversionText {
    let conversion: Conversion

    var text: String {
        let layers = conversion.layers
        let count = layers.count == 1 ? "1 layer" : "\(layers.count) layers"
        let bits = significant(conversion.bitsPerWeight, 3)
        var lines = ["\(count) written as \(conversion.format.name), \(bits) bits per weight, overheads included"]
        for layer in conversion.dense {
            lines.append("\(layer.layer.moduleName) as plain numbers: \(layer.denseBecause ?? "")")
        }
        let rounded = layers.map(\.layer.moduleName).filter(conversion.rounded.contains)
        if !rounded.isEmpty {
            lines.append("\(shortList(rounded)): rounded to the model's type, which plain numbers have")
        }
        return lines.joined(separator: "\n")
    }
}
