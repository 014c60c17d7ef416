/// What a key that config.json leaves out means: the defaults of transformers' configuration class, but for the sizes that
/// must be there.
package struct ConfigurationDefaults: Sendable, Hashable {
    /// nil where there are as many as attention heads.
    package var keyValueHeads: Int?
    /// nil where the heads share the hidden features.
    package var headDimension: Int?
    /// Whether the heads must be able to share the hidden features even where config.json states the head dimension.
    package var headsDivideHiddenSize = false
    package var maximumLength = 32768
    package var normEpsilon = 1e-6
    package var rotaryBase = 10_000.0
    package var activation = "silu"
    package var tiesEmbeddings = false

    package init() {}
}
