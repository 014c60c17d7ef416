import ArgumentParser

/// Where variants are kept.
struct KeepArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Keep each variant's output in this directory, under the variant's name. (default: none is kept)",
            valueName: "directory"),
        completion: .directory)
    var keep: String?

    func validate() throws {
        if let keep { try refuseEmpty(keep, "--keep", expected: "a directory") }
    }
}
