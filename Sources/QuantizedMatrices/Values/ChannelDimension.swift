/// The direction in which a quantization group runs.
public enum ChannelDimension: String, Sendable, NamedChoice {
    /// Inside an output channel, a row of W: the usual way. Scales [out, ⌈in/g⌉].
    case perOutputChannel = "per-oc"
    /// Inside an input channel, a column of W: damage from an activation outlier stays in its channel. Scales [⌈out/g⌉,
    /// in].
    case perInputChannel = "per-ic"
}
