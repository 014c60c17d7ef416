import ArgumentParser

/// `--group-size`: a number of weights, or "channel" for all of a channel's.
struct GroupSizeArgument: ExpressibleByArgument, CustomStringConvertible {
    /// nil for a whole channel.
    let weights: Int?

    init(weights: Int?) { self.weights = weights }

    init?(argument: String) {
        if argument == "channel" {
            weights = nil
        } else if let number = Int(argument), number > 0 {
            weights = number
        } else {
            return nil
        }
    }

    var description: String { weights.map(String.init) ?? "channel" }
    var defaultValueDescription: String { description }
}

/// A comma-separated list of globs, repeatable.
struct GlobList: ExpressibleByArgument {
    let globs: [String]

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        globs = parts
    }
}
