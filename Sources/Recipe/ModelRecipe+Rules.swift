import AdaDimQuantization
import AdaDimQuantizedMatrices

extension ModelRecipe {
    /// Globs of layers that stay as they are.
    package var skippedGlobs: [String] { rules.filter { $0.skips == true }.map(\.glob) }

    /// Globs of layers that are per-IC where all others are per-OC; nil where that is not so.
    package var perInputChannelGlobs: [String]? {
        guard options.direction.fixedDimension == .perOutputChannel else { return nil }
        let globs = rules.filter { $0.changes["dimension"]?.text == ChannelDimension.perInputChannel.rawValue }
            .map(\.glob)
        return globs.isEmpty ? nil : globs
    }
}
