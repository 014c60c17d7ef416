import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices

/// A case that was run: what is kept of it, how its identities fared, and its codes.
package struct CaseOutcome: Sendable {
    package var record: CaseRecord
    package var findings: Findings
    /// By the run's name.
    package var codes: [String: PackedRows]
    /// What was thrown where a layer should have been quantized.
    package var error: String?

    init(record: CaseRecord, findings: Findings) {
        self.record = record
        self.findings = findings
        codes = [:]
    }

    /// Of a layer that could not be read or was refused.
    init(name: String, error: String) {
        record = CaseRecord(
            name: name, out: 0, inputs: 0, options: "", arithmetic: .float, threads: BLASLibrary.threadCount,
            source: "",
            gram: "",
            factor: .init(digest: "", damping: 0, dampingShare: 0, isRaised: false, residual: 0, inactiveInputs: 0),
            runs: [], identities: [:], seconds: 0)
        findings = Findings()
        codes = [:]
        self.error = error
    }

    package var name: String { record.name }
    package var isRed: Bool { error != nil || !findings.failed.isEmpty }
}

/// A refusal that was tried.
package struct RefusalOutcome: Sendable {
    package var record: RefusalRecord
    package var finding: Finding

    package var isRed: Bool { !finding.holds }
}
