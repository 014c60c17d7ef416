import AdaDimInspection
import AdaDimQuantization
import AdaDimQuantizedMatrices

/// The layers of an inspection as comma-separated values (RFC 4180, but for plain line feeds): a line to a layer, numbers
/// with all their digits.
package struct InspectionTable {
    let report: InspectionReport

    package static let name = "layers.csv"

    package init(_ report: InspectionReport) {
        self.report = report
    }

    private static let heading = [
        "layer", "out", "in", "verdict", "direction_gptq", "direction_rtn", "loss_ratio", "rtn_per_oc", "rtn_per_ic",
        "gptq_per_oc", "gptq_per_ic", "outliers", "max", "median_max", "inverse_hessian_top_inputs",
        "inverse_hessian_top_outputs", "inverse_hessian_rank_correlation", "hessian_diagonal_top_inputs",
        "hessian_diagonal_top_outputs", "hessian_diagonal_rank_correlation",
    ]

    package var text: String {
        ([Self.heading] + report.layers.map(fields))
            .map { $0.map(Self.quoted).joined(separator: ",") + "\n" }
            .joined()
    }

    private func fields(_ layer: InspectionReport.Layer) -> [String] {
        let input = report.inputs[layer.input]
        let losses = QuantizationOptions.Method.allCases.flatMap { method in
            ChannelDimension.allCases.map { Self.number(layer.loss($0, method)) }
        }
        let sensitivities = SensitivityMeasure.allCases.flatMap { measure in
            let found = layer.sensitivity(measure)
            return [found?.topInputs.share, found?.topOutputs.share, found?.rankCorrelation].map(Self.number)
        }
        return [
            layer.name, "\(layer.shape[0])", "\(layer.shape[1])", layer.verdict, layer.dimension.rawValue,
            layer.dimensionByRoundToNearest.rawValue, Self.number(layer.lossRatio),
        ] + losses + ["\(input.outliers.count)", "\(input.largest)", "\(input.medianLargest)"] + sensitivities
    }

    private static func number(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }

    private static func quoted(_ field: String) -> String {
        // By byte: CR LF is one character, and so is a quotation mark with what combines with it.
        guard field.utf8.contains(where: { Array("\",\r\n".utf8).contains($0) }) else { return field }
        return "\"" + field.unicodeScalars.map { $0 == "\"" ? "\"\"" : String($0) }.joined() + "\""
    }
}
