import AdaDimHTMLReport
import AdaDimQuantization
import AdaDimQuantizedMatrices
import AdaDimRecipe

/// A quantization as a page to look at: `quantization-report.html`.
package struct QuantizationPage {
    let report: QuantizationReport

    package init(_ report: QuantizationReport) {
        self.report = report
    }

    package var page: HTMLPage {
        let (run, options) = (report.options, report.options.recipe.options)
        let pictures = LossPictures(
            report.layers.map { .init(name: $0.name, losses: $0.losses, dimension: $0.dimension) })
        var maps = pictures.ratioMaps(.chosen)
        maps.append(
            DepthRoleMap(
                title: "Relative loss", caption: "‖(W−Q)X‖²/‖WX‖² of each layer as it was quantized.",
                roles: pictures.places.roles, blocks: pictures.places.blocks,
                values: pictures.places.grid { report.layers[$0].loss.relative },
                marks: pictures.places.grid { report.layers[$0].dimension == .perInputChannel }.map { $0 ?? false },
                markLegend: "per-IC", scale: .sequential(log: true), unit: "relative loss"))
        return HTMLPage(
            title: "\(run.model), quantized",
            subtitle:
                "\(options.grid.bits) bits, \(PageWords.groups(options.grid.groupSize)), \(options.method.rawValue.uppercased()), "
                + direction,
            facts: facts, notes: notes,
            bars: [
                BarChart(
                    title: "Where the time went", caption: "Of \(duration(report.totals.seconds)) in all.",
                    unit: "seconds", bars: report.totals.parts.all.map { .init(name: $0.name, value: $0.seconds) })
            ],
            maps: maps, curves: pictures.curves { report.layers[$0].loss.relative }, columns: columns(pictures),
            rows: report.layers.indices.map { pictures.row($0, cells: cells($0, pictures)) })
    }

    private var direction: String {
        let recipe = report.options.recipe
        if let globs = recipe.perInputChannelGlobs {
            return "per-IC for \(globs.joined(separator: ", ")), per-OC for the others"
        }
        return switch recipe.options.direction.fixedDimension {
        case .perInputChannel: "per-IC"
        case .perOutputChannel: "per-OC"
        case nil:
            "each layer's direction chosen by the losses of \(recipe.options.direction.selection == .sweep ? "GPTQ" : "RTN")"
        }
    }

    private var facts: [HTMLPage.Fact] {
        let (totals, run, recipe) = (report.totals, report.options, report.options.recipe)
        var facts: [HTMLPage.Fact] = [
            .init("Layers", "\(totals.quantizedLayers), of them \(totals.perInputChannelLayers) per-IC"),
            .init("Mean relative loss", percent(totals.meanRelativeLoss)),
            .init("Loss of all layers over their energy", percent(totals.energyWeightedRelativeLoss)),
            .init("Bits per weight, packed", significant(totals.packedBitsPerWeight)),
            .init("Bits per weight, written", significant(totals.bitsPerWeight) + " (\(recipe.format))"),
            .init("Time", duration(totals.seconds)),
        ]
        if let peak = totals.peakMemoryBytes { facts.append(.init("Peak memory", bytesText(Double(peak)))) }
        facts += [
            .init(
                "Calibration",
                PageWords.calibration(run.calibration, recipe.sampling)),
            .init("Inputs", recipe.propagation == .quantized ? "of the quantized model" : "of the original model"),
            .init("Damping", "\(significant(recipe.options.factor.damping)) of the mean diagonal"),
            .init("Threads", "\(run.threads)"),
            .init("Made by", report.versions.text),
            .init("Machine", report.machine.text),
        ]
        facts += accuracyFacts(recipe)
        if let text = PageWords.variations(recipe.options) {
            facts.append(.init("With", text))
        }
        if !recipe.skippedGlobs.isEmpty {
            facts.append(.init("Left out", recipe.skippedGlobs.joined(separator: ", ")))
        }
        return facts
    }

    private func accuracyFacts(_ recipe: ModelRecipe) -> [HTMLPage.Fact] {
        let options = recipe.options
        var facts = recipe.effort.map { [HTMLPage.Fact("Effort", $0.rawValue)] } ?? []
        if options.grid.ranges == .search { facts.append(.init("Ranges", "searched")) }
        if options.refinement.passes > 0 {
            facts.append(
                .init("Refinement", "\(options.refinement.passes) passes, \(options.refinement.parts.rawValue)"))
        }
        if recipe.tokenWeights == .attention {
            facts.append(.init("Tokens of q, k and v", "weighted by attention"))
        }
        if recipe.correction.inputs > 0 || recipe.correction.residual > 0 {
            facts.append(
                .init(
                    "Compensated for",
                    "\(significant(recipe.correction.inputs)) of the inputs' shift, \(significant(recipe.correction.residual)) of the residual stream's"
                ))
        }
        return facts
    }

    private var notes: [String] {
        var notes = [
            """
            A loss is ‖(W−Q)X‖² over the calibration tokens, as a share of ‖WX‖², with the weights as they are stored. \
            The same figures are in \(QuantizationReport.fileName).
            """
        ]
        if report.options.recipe.tokenWeights == .attention {
            notes.append(
                "Losses of q, k and v are sums over tokens weighted by the attention that each receives (Documentation/Design.md)."
            )
        }
        if report.layers.contains(where: { $0.correction != nil }) {
            notes.append(
                """
                W is the layer's corrected weight, which compensates for the errors of the layers before it; X are the \
                layer's inputs after them. So losses here cannot be compared with those of a run without correction.
                """
            )
        }
        notes += [
            PageWords.dampingNote(report.layers.filter { !$0.dampingRaises.isEmpty }.map(\.name)),
            PageWords.inactiveNote(report.layers.filter { $0.inactiveInputs > 0 && !$0.isInactive }.map(\.name)),
            PageWords.silentNote(report.layers.filter(\.isInactive).map(\.name)),
        ].compactMap { $0 }
        notes += report.layers.compactMap { layer in
            layer.denseBecause.map { "\(layer.name) stays dense: \($0)" }
        }
        return notes
    }

    private func columns(_ pictures: LossPictures) -> [TableColumn] {
        [
            TableColumn(title: "Shape", explanation: "Output × input channels of the weight.", isNumeric: true),
            TableColumn(title: "Loss", explanation: "Relative loss of the layer as it was quantized.", isNumeric: true),
        ] + pictures.columns + steps.map(\.column) + [
            TableColumn(
                title: "Damping", explanation: "λ as a share of the Gram matrix's mean diagonal.", isNumeric: true),
            TableColumn(title: "Seconds", explanation: "Time of the layer, its Gram matrix included.", isNumeric: true),
        ]
    }

    /// A column for the gain of a step after a plain sweep.
    private struct Step {
        let title: String
        let explanation: String
        let loss: @Sendable (QuantizationReport.Layer) -> QuantizationReport.Loss?

        var column: TableColumn { TableColumn(title: title, explanation: explanation, isNumeric: true) }

        static let all = [
            Step(
                title: "Swept",
                explanation:
                    "Relative loss after the sweep, before coordinate descent; passes minimize the loss under the damped H, so this may be the smaller one."
            ) {
                $0.refined == nil ? nil : $0.swept
            },
            Step(
                title: "Moved by inputs",
                explanation: """
                    How far the layer's outputs are from the original model's with its original weight: what quantizing the \
                    layers before it has done.
                    """
            ) { $0.correction?.outputs.weight },
            Step(
                title: "Corrected",
                explanation: """
                    Their distance with the corrected weight, before it is quantized. Layers whose output is added to \
                    the residual stream compensate for its shift as well, which increases the distance of their own \
                    outputs.
                    """
            ) { $0.correction?.outputs.target },
            Step(title: "As quantized", explanation: "How far they are with the quantized weight.") {
                $0.correction?.outputs.quantized
            },
            Step(
                title: "Residual stream",
                explanation: """
                    The distance of the residual stream to which the outputs are added from the original model's, \
                    before the layer.
                    """
            ) { $0.correction?.residualLoss },
        ]
    }

    /// The steps that were taken.
    private var steps: [Step] {
        Step.all.filter { step in report.layers.contains { step.loss($0) != nil } }
    }

    private func cells(_ index: Int, _ pictures: LossPictures) -> [TableCell] {
        let layer = report.layers[index]
        return [shapeCell(layer.shape), percentCell(layer.loss.relative)] + pictures.cells(index)
            + steps.map { percentCell($0.loss(layer)?.relative) }
            + [numberCell(layer.dampingShare), numberCell(layer.seconds.total)]
    }
}
