import AdaDimFormats
import AdaDimPipeline
import AdaDimQuantization
import AdaDimQuantizedMatrices
import ArgumentParser

/// `--dimension`: the two directions, or the choice between them.
enum DimensionArgument: String, ExpressibleByArgument, CaseIterable {
    case adaptive
    case perOC = "per-oc"
    case perIC = "per-ic"

    var dimension: QuantizationJob.Dimension {
        switch self {
        case .adaptive: .adaptive
        case .perOC: .fixed(.perOutputChannel)
        case .perIC: .fixed(.perInputChannel)
        }
    }

    var ofOneLayer: QuantizationOptions.Dimension {
        switch self {
        case .adaptive: .adaptive
        case .perOC: .fixed(.perOutputChannel)
        case .perIC: .fixed(.perInputChannel)
        }
    }
}

extension QuantizationOptions.Method: ExpressibleByArgument {}
extension QuantizationOptions.Selection: ExpressibleByArgument {}
extension Effort: ExpressibleByArgument {}
extension RangeRule: ExpressibleByArgument {}
extension Refinement.Parts: ExpressibleByArgument {}
extension TokenWeights: ExpressibleByArgument {}
extension ScaleType: ExpressibleByArgument {}
extension QuantizationJob.Propagation: ExpressibleByArgument {}
extension ExportFormat: ExpressibleByArgument {}
