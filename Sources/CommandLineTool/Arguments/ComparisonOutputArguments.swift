import ArgumentParser

/// What a comparison prints.
struct ComparisonOutputArguments: ParsableArguments {
    @Flag(help: "Print JSON, with every window's log-likelihood and divergence.")
    var json = false
}
