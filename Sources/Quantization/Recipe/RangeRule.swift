import AdaDimQuantizedMatrices

/// How much of a group's range its grid covers. What lies outside is clamped, and the rest of the group gets the finer grid
/// (MSE clipping); with few levels that is a good trade.
public enum RangeRule: String, Sendable, NamedChoice {
    /// All of it: every weight is inside the grid.
    case full = "minmax"
    /// Of 49 parts of it, the one with the smallest sum of squared errors before its scale is rounded. Errors are weighted by
    /// diag(H) where a group runs through several inputs; an inactive input counts as much as its damping.
    case search
}
