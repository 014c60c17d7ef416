import AdaDimExport
import AdaDimFormats
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimRecipe

extension QuantizationReport {
    /// The report of the same run for the same model in another format: sizes, layers that are dense, and the format are new.
    /// nil where its layers are not those that were stored.
    /// - Parameter type: what the model's weights are loaded in.
    package func stored(
        _ layers: [StoredLayer], in format: ExportFormat, loaded type: StoredFloat
    ) -> QuantizationReport? {
        let stored = Dictionary(layers.map { ($0.layer.moduleName, $0) }) { first, _ in first }
        var report = self
        for index in report.layers.indices {
            guard let found = stored[report.layers[index].name] else {
                // One that was written as plain numbers before, and still is.
                guard report.layers[index].denseBecause != nil else { return nil }
                if format.packing == nil { report.layers[index].denseBecause = nil }
                continue
            }
            report.layers[index].bitsPerWeight = found.bitsPerWeight
            report.layers[index].denseBecause = found.denseBecause
        }
        guard stored.keys.allSatisfy(Set(report.layers.map(\.name)).contains) else { return nil }
        let weights = report.layers.map { Double($0.shape[0] * $0.shape[1]) }
        report.totals.bitsPerWeight =
            zip(report.layers, weights).reduce(0) { $0 + $1.0.bitsPerWeight * $1.1 } / max(weights.reduce(0, +), 1)
        var recipe = report.options.recipe
        if recipe.ggufType == nil && recipe.options.grid.twoLevel == nil {
            recipe.format = format
            recipe.options.grid.scaleType = format.scaleType(
                isSymmetric: recipe.options.grid.isSymmetric, loaded: type)
        }
        report.options.recipe = recipe
        return report
    }
}
