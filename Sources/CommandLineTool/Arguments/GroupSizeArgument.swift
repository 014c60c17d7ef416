import ArgumentParser

/// `--group-size`: a number of weights, or "channel" for all of a channel's.
package struct GroupSizeArgument: Sendable, CustomStringConvertible {
    /// nil for a whole channel.
    package let weights: Int?

    init(weights: Int?) { self.weights = weights }

    package init(_ argument: String) throws {
        if argument == "channel" {
            weights = nil
        } else if let number = Int(argument), number > 0 {
            weights = number
        } else {
            throw ValidationError("expected a positive number of weights, or \"channel\"")
        }
    }

    package var description: String { weights.map(String.init) ?? "channel" }
}
