extension QuantizationReport {
    /// Sums up the layers, at the end of a run.
    /// - Parameters:
    ///   - seconds: of the whole run.
    ///   - parts: what of it no layer has; the layers' own come on top.
    ///   - peakMemoryBytes: nil where the system does not report it.
    package mutating func close(seconds: Double, _ parts: Parts, peakMemoryBytes: Int?) {
        let weights = layers.map { Double($0.shape[0] * $0.shape[1]) }
        func mean(_ bits: KeyPath<Layer, Double>) -> Double {
            zip(layers, weights).reduce(0) { $0 + $1.0[keyPath: bits] * $1.1 } / max(weights.reduce(0, +), 1)
        }
        // Logits and embeddings are other quantities than the outputs of layers inside blocks.
        let ofBlocks = layers.filter { $0.table == nil }
        let energy = ofBlocks.map(\.outputEnergy).reduce(0, +)
        totals = Totals(
            meanRelativeLoss: ofBlocks.map(\.loss).meanRelative ?? 0,
            energyWeightedRelativeLoss: energy > 0 ? ofBlocks.map(\.loss.absolute).reduce(0, +) / energy : 0,
            quantizedLayers: layers.count,
            perInputChannelLayers: layers.count { $0.dimension == .perInputChannel },
            bitsPerWeight: mean(\.bitsPerWeight), packedBitsPerWeight: mean(\.packedBitsPerWeight),
            seconds: seconds, parts: complete(parts, of: seconds), peakMemoryBytes: peakMemoryBytes)
    }

    private func complete(_ parts: Parts, of seconds: Double) -> Parts {
        func sum(_ part: KeyPath<LayerSeconds, Double>) -> Double {
            layers.reduce(0) { $0 + $1.seconds[keyPath: part] }
        }
        var parts = parts
        parts.gram += sum(\.gram)
        parts.factor += sum(\.factor)
        parts.reference += sum(\.reference)
        parts.rtn += sum(\.rtn)
        parts.sweep += sum(\.sweep)
        parts.correction += sum(\.correction)
        parts.writing += sum(\.write)
        parts.rest = max(0, seconds - parts.all.reduce(0) { $0 + $1.seconds })
        return parts
    }
}
