import ArgumentParser

/// What a verification prints.
struct VerificationOutputArguments: ParsableArguments {
    @Flag(help: "Print JSON.")
    var json = false
}
