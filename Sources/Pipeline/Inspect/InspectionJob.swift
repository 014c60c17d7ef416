import AdaDimInspection
import AdaDimReports
import Foundation

/// The options of `adadim inspect`.
package struct InspectionJob: Sendable {
    /// Which layers, on what text, with what bits and groups: as of a quantization, but that nothing is written. Its
    /// direction, its selection and its propagation are not used: both directions are tried, on the untouched model.
    package var layers: QuantizationJob
    package var thresholds = OutlierThresholds()
    /// The directory to write report, figures and channels to; nil for none.
    package var report: URL?
    package var overwrite = false

    package init(_ layers: QuantizationJob) {
        self.layers = layers
    }
}

/// The progress of an inspection.
package enum InspectionProgress: Sendable {
    /// The model is open and the samples are drawn.
    case began(layers: Int, blocks: Int, tokens: Int)
    /// A layer has been looked at.
    case finished(InspectionReport.Layer, done: Int, layers: Int)
}
