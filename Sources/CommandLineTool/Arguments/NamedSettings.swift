import AdaDimFormats
import AdaDimQuantization
import AdaDimQuantizedMatrices
import AdaDimRecipe
import ArgumentParser

// Settings that the command line gives by the names that files have for them.

extension QuantizationOptions.Direction: ExpressibleByArgument {
    public init?(argument: String) { self.init(named: argument) }
    public static var allValueStrings: [String] { names }
}

extension QuantizationOptions.Method: ExpressibleByArgument {}
extension QuantizationOptions.Selection: ExpressibleByArgument {}
extension Effort: ExpressibleByArgument {}
extension RangeRule: ExpressibleByArgument {}
extension Refinement.Parts: ExpressibleByArgument {}
extension TokenWeights: ExpressibleByArgument {}
extension ScaleType: ExpressibleByArgument {}
extension Propagation: ExpressibleByArgument {}
extension ExportFormat: ExpressibleByArgument {}
extension Runtime: ExpressibleByArgument {}
