import ArgumentParser

/// Whether an earlier baseline is replaced.
struct RegressOverwriteArguments: ParsableArguments {
    @Flag(help: "Replace the baseline that <directory> holds.")
    var overwrite = false
}
