import AdaDimQuantization

// What both pages say, in the same words.

/// Group sizes.
func groups(_ size: Int?) -> String { size.map { "groups of \($0)" } ?? "one group to a channel" }

/// The calibration text.
func calibration(_ file: String, field: String?, _ samples: Int, _ length: Int, seed: UInt64) -> String {
    let field = field.map { ", field \"\($0)\"" } ?? ""
    return "\(file)\(field), \(samples) × \(length) tokens, seed \(seed)"
}

/// What is unusual about the grids and the sweep; nil where nothing is.
func variations(isSymmetric: Bool, activationOrder: Bool) -> String? {
    let found = (isSymmetric ? ["symmetric grids"] : []) + (activationOrder ? ["activation order"] : [])
    return found.isEmpty ? nil : found.joined(separator: ", ")
}

/// That damping had to be raised, nil if it had not: of which layers, some of them by name.
func dampingNote(_ raised: [String]) -> String? {
    raised.isEmpty ? nil : "Damping was raised where the Gram matrix had no Cholesky factor: " + some(raised)
}

/// That some inputs had nothing to say, nil if all had: of which layers, some of them by name.
func inactiveNote(_ layers: [String]) -> String? {
    layers.isEmpty ? nil : "Some inputs were never active, and their weights are rounded plainly: " + some(layers)
}

private func some(_ names: [String]) -> String {
    let most = 8
    return names.prefix(most).joined(separator: ", ") + (names.count > most ? " and \(names.count - most) more" : "")
}

extension QuantizationReport.Versions {
    /// What the figures were made by.
    var text: String { "adadim \(adadim), \(blas), kernels \(kernels)" }
}
