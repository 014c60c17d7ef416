import ArgumentParser

/// What an evaluation prints.
struct PrintingArguments: ParsableArguments {
    @Flag(help: "Print JSON, with every window's or choice's log-likelihood.")
    var json = false
}
