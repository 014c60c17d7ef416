/// An input that an engine must refuse, and the text of its error.
package struct RefusalCase: Sendable {
    package let name: String
    /// The error's text.
    package let expected: String
    /// Does what must be refused.
    let attempt: @Sendable (any RegressionEngine) throws -> Void

    init(_ name: String, _ expected: String, _ attempt: @escaping @Sendable (any RegressionEngine) throws -> Void) {
        self.name = name
        self.expected = expected
        self.attempt = attempt
    }
}
