import ArgumentParser

/// How a run is compared with its baseline.
struct RegressComparisonArguments: ParsableArguments {
    @Flag(
        help: "Compare by bounds even where the environment is the baseline's, as after a change to the engine itself.")
    var boundsOnly = false
}
