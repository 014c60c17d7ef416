import ArgumentParser

/// From where on a channel counts as an outlier.
struct OutlierArguments: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The least max|x| of an outlier channel; 6 is LLM.int8()'s figure.",
            valueName: "magnitude"))
    var outlierMagnitude = 6.0

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The least max|x| of an outlier channel over the median channel's.", valueName: "ratio"))
    var outlierRatio = 20.0

    func validate() throws {
        for (value, option) in [(outlierMagnitude, "--outlier-magnitude"), (outlierRatio, "--outlier-ratio")]
        where !(value >= 0 && value.isFinite) {
            throw ValidationError("\(option) is \(value), expected a number of 0 or more")
        }
    }
}
