/// Why files could not be read by the second path.
package struct VerificationError: Error, Equatable, CustomStringConvertible {
    /// The file or directory.
    package let place: String
    package let reason: String

    package init(_ place: String, _ reason: String) {
        self.place = place
        self.reason = reason
    }

    package var description: String { "\(place): \(reason)" }
}
