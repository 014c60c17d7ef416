import AdaDimCalibration
import AdaDimReports

extension InspectionJob {
    /// As the report gives it, with what was drawn in place of what was left open.
    func described(_ samples: CalibrationSamples, _ plan: LayerPlan) -> InspectionReport.Settings {
        InspectionReport.Settings(layers.described(samples, plan), outliers: thresholds)
    }
}
