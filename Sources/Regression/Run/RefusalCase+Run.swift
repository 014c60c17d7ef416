extension RefusalCase {
    /// Tries it on an engine.
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
