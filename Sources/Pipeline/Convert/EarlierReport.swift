import AdaDimExport
import AdaDimFiles
import AdaDimFormats
import AdaDimLinearAlgebra
import AdaDimRecipe
import AdaDimReports
import Foundation

/// The report of the run that a packed model comes from, for the same model in another format.
///
/// What was measured holds for it, too: losses, times, settings. What is said of the files is written anew: sizes, layers that
/// are dense, the files' names, and the format: in the recipe, too, which repeats the run for this format. A recipe for K-quants stays
/// one for GGUF, since no other format has such grids.
struct EarlierReport {
    /// nil where the model has none, or none that this version reads.
    private let report: QuantizationReport?
    private let hasRecipe: Bool

    init(in directory: URL) {
        let file = directory.appending(path: QuantizationReport.fileName).path
        report = (try? readFile(file, atMost: OutputDirectory.mostReportBytes)).flatMap {
            try? JSONDecoder().decode(QuantizationReport.self, from: Data($0))
        }
        let recipe = directory.appending(path: QuantizationReport.recipeName).path
        hasRecipe = FileStatus.kind(of: recipe) == .file
    }

    /// Writes report, page and recipe into a new output, or where there is no earlier report one that says only what it is.
    func carry(
        over stored: [StoredLayer], of format: ExportFormat, loaded type: StoredFloat, from model: URL,
        into directory: URL
    ) throws {
        let name = model.standardizedFileURL.lastPathComponent
        guard var report = report?.stored(stored, in: format, loaded: type) else {
            var report = BareReport(converted: name, format: format.name)
            report.files = (try OutputDirectory.files(in: directory) + [QuantizationReport.fileName]).sorted()
            try writeReport(report, to: directory.appending(path: QuantizationReport.fileName))
            return
        }
        let page = QuantizationPage(report).page
        try writeFile(to: directory.appending(path: QuantizationReport.pageName)) { try page.write($0) }
        if hasRecipe {
            let title = "What adadim \(toolVersion) quantized this model with; it was converted afterwards."
            try writeFile(
                RecipeFile.text(of: report.options.recipe, title: title),
                to: directory.appending(path: QuantizationReport.recipeName))
        }
        report.files = (try OutputDirectory.files(in: directory) + [QuantizationReport.fileName]).sorted()
        try writeReport(report, to: directory.appending(path: QuantizationReport.fileName))
    }

    /// Of a model whose quantization is not known.
    private struct BareReport: Encodable {
        let producer = OutputDirectory.producerPrefix
        var files: [String] = []
        /// Name of the directory that was converted.
        let converted: String
        let format: String

        init(converted: String, format: String) { (self.converted, self.format) = (converted, format) }
    }
}
