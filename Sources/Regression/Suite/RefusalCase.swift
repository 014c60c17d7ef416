/// Something that an engine must refuse, and the error that says so.
package struct RefusalCase: Sendable {
    package let name: String
    /// The error's text.
    package let expected: String
    private let attempt: @Sendable (any RegressionEngine) throws -> Void

    init(_ name: String, _ expected: String, _ attempt: @escaping @Sendable (any RegressionEngine) throws -> Void) {
        self.name = name
        self.expected = expected
        self.attempt = attempt
    }

    package func run(_ engine: any RegressionEngine) -> RefusalOutcome {
        var found = "nothing was refused"
        do {
            try attempt(engine)
        } catch {
            found = "\(error)"
        }
        return RefusalOutcome(
            record: RefusalRecord(name: name, text: found),
            finding: Finding(
                ratio: found == expected ? 0 : .infinity,
                found == expected ? "refused: \(expected)" : "expected \"\(expected)\", found \"\(found)\""))
    }
}
