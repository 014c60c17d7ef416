import AdaDimHTMLReport
import AdaDimInspection

/// An inspection as a page to look at: `inspection-report.html`.
package struct InspectionPage {
    let report: InspectionReport
    /// Whether each layer has details, which are kept elsewhere.
    let isDetailed: Bool

    package init(_ report: InspectionReport, isDetailed: Bool) {
        self.report = report
        self.isDetailed = isDetailed
    }

    package var page: HTMLPage {
        let (run, grid) = (report.options.run, report.options.run.recipe.options.grid)
        let pictures = LossPictures(
            report.layers.map { .init(name: $0.name, losses: $0.losses, dimension: $0.dimension) })
        return HTMLPage(
            title: "\(run.model), inspected",
            subtitle: "At \(grid.bits) bits in \(PageWords.groups(grid.groupSize)), on the untouched model",
            facts: facts, notes: notes,
            bars: [
                BarChart(
                    title: "Where the time went", caption: "Of \(duration(report.totals.seconds)) in all.",
                    unit: "seconds", bars: report.totals.parts.all.map { .init(name: $0.name, value: $0.seconds) })
            ],
            maps: pictures.ratioMaps(.better) + maps(pictures.places), curves: pictures.curves(),
            columns: columns(pictures),
            rows: report.layers.indices.map {
                pictures.row($0, cells: cells($0, pictures), isDetailed: isDetailed)
            })
    }

    private func maps(_ places: LayerPlaces) -> [DepthRoleMap] {
        func map(
            _ title: String, _ caption: String, unit: String, log: Bool, _ value: (InspectionReport.Layer) -> Double?
        ) -> DepthRoleMap {
            DepthRoleMap(
                title: title, caption: caption, roles: places.roles, blocks: places.blocks,
                values: places.grid { value(report.layers[$0]) },
                marks: places.grid { !report.inputs[report.layers[$0].input].outliers.isEmpty }.map { $0 ?? false },
                markLegend: "input has outlier channels", scale: .sequential(log: log), unit: unit)
        }
        return [
            map(
                "Sensitivity in the top 1 % of the input channels",
                "The share of the most sensitive hundredth of the input channels in Σ w²/[H⁻¹]ⱼⱼ: what per-IC groups can isolate.",
                unit: "%", log: true
            ) { $0.sensitivity(.inverseHessian).map { 100 * $0.topInputs.share } },
            map(
                "Sensitivity in the top 1 % of the output channels",
                "The share of the most sensitive hundredth of the output channels in Σ w²/[H⁻¹]ⱼⱼ: what per-OC groups can isolate.",
                unit: "%", log: true
            ) { $0.sensitivity(.inverseHessian).map { 100 * $0.topOutputs.share } },
            map(
                "Largest activation over the median channel's",
                "max|x| of the layer's input over all channels and tokens, over the median channel's max|x|.",
                unit: "ratio", log: true
            ) { layer in
                let input = report.inputs[layer.input]
                return input.medianLargest > 0 ? input.largest / input.medianLargest : nil
            },
        ]
    }

    private var facts: [HTMLPage.Fact] {
        let (totals, settings) = (report.totals, report.options)
        let (run, recipe) = (settings.run, settings.run.recipe)
        var facts: [HTMLPage.Fact] = [
            .init("Layers", "\(totals.layers), of them \(totals.perInputChannelLayers) better per-IC"),
            .init("Inputs with outlier channels", "\(totals.inputsWithOutliers) of \(totals.inputs)"),
            .init(
                "An outlier channel",
                "max|x| ≥ \(significant(settings.outliers.magnitude)) and ≥ "
                    + "\(significant(settings.outliers.ratio)) times the median channel's"),
            .init(
                "Calibration",
                PageWords.calibration(run.calibration, recipe.sampling)),
            .init("Damping", "\(significant(recipe.options.factor.damping)) of the mean diagonal"),
            .init("Time", duration(totals.seconds)),
            .init("Threads", "\(run.threads)"),
            .init("Made by", report.versions.text),
            .init("Machine", report.machine.text),
        ]
        if let text = PageWords.variations(recipe.options) {
            facts.append(.init("With", text))
        }
        if !recipe.skippedGlobs.isEmpty {
            facts.append(.init("Left out", recipe.skippedGlobs.joined(separator: ", ")))
        }
        return facts
    }

    private var notes: [String] {
        let named = { (inputs: [InspectionReport.Input]) in inputs.flatMap(\.layers) }
        return [
            """
            A loss is ‖(W−Q)X‖² over the calibration tokens, as a share of ‖WX‖². H is XXᵀ. Sensitivity is \
            w²/[(H+λI)⁻¹]ⱼⱼ (Optimal Brain Surgeon), written w²/[H⁻¹]ⱼⱼ, except where it is w²·Hⱼⱼ (Optimal Brain \
            Damage). Every channel's figures are in \(InspectionReport.channelsName), every layer's in \
            \(InspectionReport.fileName) and \(InspectionTable.name).
            """,
            PageWords.dampingNote(named(report.inputs.filter { !$0.dampingRaises.isEmpty })),
            PageWords.inactiveNote(
                named(report.inputs.filter { $0.inactiveInputs > 0 && $0.inactiveInputs < $0.channels })),
            PageWords.silentNote(named(report.inputs.filter { $0.inactiveInputs == $0.channels })),
        ].compactMap { $0 }
    }

    private func columns(_ pictures: LossPictures) -> [TableColumn] {
        [
            TableColumn(title: "Shape", explanation: "Output × input channels of the weight.", isNumeric: true),
            TableColumn(title: "Outliers", explanation: "Input channels that are outliers.", isNumeric: true),
            TableColumn(title: "max|x|", explanation: "The largest activation of the layer's input.", isNumeric: true),
            TableColumn(
                title: "Top in",
                explanation: "Share of w²/[H⁻¹]ⱼⱼ in the most sensitive 1 % of the input channels.", isNumeric: true),
            TableColumn(
                title: "Top out",
                explanation: "Share of w²/[H⁻¹]ⱼⱼ in the most sensitive 1 % of the output channels.", isNumeric: true),
            TableColumn(
                title: "Rank corr.",
                explanation: "Spearman's rank correlation of max|x| with the sensitivity of the input channels.",
                isNumeric: true),
        ] + pictures.columns
    }

    private func cells(_ index: Int, _ pictures: LossPictures) -> [TableCell] {
        let layer = report.layers[index]
        let input = report.inputs[layer.input]
        let found = layer.sensitivity(.inverseHessian)
        return [
            shapeCell(layer.shape), countCell(input.outliers.count), numberCell(input.largest),
            percentCell(found?.topInputs.share), percentCell(found?.topOutputs.share),
            numberCell(found?.rankCorrelation, 2),
        ] + pictures.cells(index)
    }
}
