import AdaDimQuantization

/// A case that was run: what is kept of it, how its identities fared, and its codes.
package struct CaseOutcome: Sendable {
    package var record: CaseRecord
    package var findings: Findings
    /// By the run's name.
    package var codes: [String: PackedRows]
    /// What the engine threw where it should have quantized.
    package var error: String?

    package var name: String { record.name }
    package var isRed: Bool { error != nil || !findings.failed.isEmpty }
}

/// A refusal that was tried.
package struct RefusalOutcome: Sendable {
    package var record: RefusalRecord
    package var finding: Finding

    package var isRed: Bool { !finding.holds }
}
