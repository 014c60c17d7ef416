import AdaDimFiles
import AdaDimQuantization
import AdaDimRecipe

/// What both pages say, in the same words.
enum PageWords {
    /// Group sizes.
    static func groups(_ size: Int?) -> String { size.map { "groups of \($0)" } ?? "one group to a channel" }

    /// The calibration text.
    static func calibration(_ file: String, _ sampling: Sampling) -> String {
        let field = sampling.textField.map { ", field \"\($0)\"" } ?? ""
        return "\(file)\(field), \(sampling.samples ?? 0) × \(sampling.sequenceLength ?? 0) tokens, "
            + "seed \(sampling.seed)"
    }

    /// What is unusual about the grids and the sweep; nil where nothing is.
    static func variations(_ options: QuantizationOptions) -> String? {
        let found =
            (options.grid.isSymmetric ? ["symmetric grids"] : [])
            + (options.factor.activationOrder ? ["act-order"] : [])
        return found.isEmpty ? nil : found.joined(separator: ", ")
    }

    /// The notice that damping was raised, with some of the layers' names; nil if it was not.
    static func dampingNote(_ raised: [String]) -> String? {
        raised.isEmpty
            ? nil
            : "Damping was raised where the Gram matrix had no Cholesky factor: " + shortList(raised, most: mostLayers)
    }

    /// The notice that there are dead columns, with some of the layers' names; nil if there are none.
    static func inactiveNote(_ layers: [String]) -> String? {
        layers.isEmpty
            ? nil
            : "Some columns are dead; their weights are rounded to nearest:  "
                + shortList(layers, most: mostLayers)
    }

    /// That no input of some layers had anything to say, nil if all layers had one: which layers, some of them by name.
    static func silentNote(_ layers: [String]) -> String? {
        layers.isEmpty
            ? nil
            : "All columns are dead: rounded to nearest; the loss is zero on this text, and unknown on another:  "
                + shortList(layers, most: mostLayers)
    }

    /// Layers named in a note, at most.
    private static let mostLayers = 8
}

extension QuantizationReport.Versions {
    /// What the figures were made by.
    var text: String { "adadim \(adadim), \(blas), kernels \(kernels)" }
}

extension MachineReport {
    /// What computed, and how fast.
    var text: String {
        let kernels = kernels.map { "kernels \($0)" } ?? "products by \(library ?? "an unknown library")"
        let before = replacedKernels.map { ", in place of \($0)" } ?? ""
        let better = betterKernels.map { "; \($0) would be faster" } ?? ""
        let rate = "sgemm \(significant(productRate / 1e9)) GFLOP/s on \(threads) threads"
        return "\(instructions), \(kernels)\(before)\(better); \(rate)"
    }
}
