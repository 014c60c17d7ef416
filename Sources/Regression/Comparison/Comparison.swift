import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices

/// Holds a run against a baseline, or against its identities alone.
package struct Comparison {
    package let environment: RegressionEnvironment
    package var bounds = ComparisonBounds()
    /// Compares by bounds even where nothing in the environment differs.
    package var boundsOnly = false

    package init(environment: RegressionEnvironment) { self.environment = environment }

    /// - Parameters:
    ///   - baseline: nil to look at the identities alone.
    ///   - codes: the baseline's codes of a run of its case at an index.
    package func report(
        _ results: RegressionRun.Results, baseline: Baseline?,
        codes: (CaseRecord, Int, CaseRecord.Run) throws(RegressionError) -> PackedRows
    ) throws(RegressionError) -> RegressionReport {
        let differences = baseline.map { environment.differences(from: $0.environment) } ?? []
        let isExact = baseline != nil && differences.isEmpty && !boundsOnly
        // Cases that always run on one thread are the same for any number of threads of the others.
        var sameThreads = baseline?.environment
        sameThreads?.threads = environment.threads
        let isExactButForThreads = !boundsOnly && sameThreads.map { environment.differences(from: $0).isEmpty } == true
        var worst = WorstOffenders()
        var verdicts: [RegressionReport.Verdict] = []
        let known = Dictionary(uniqueKeysWithValues: (baseline?.cases ?? []).enumerated().map { ($1.name, ($0, $1)) })
        for outcome in results.cases {
            var verdict = RegressionReport.Verdict(name: outcome.name, seconds: outcome.record.seconds)
            judgeIdentities(outcome, &verdict, &worst)
            if let (index, old) = known[outcome.name], outcome.error == nil {
                let comparison = CaseComparison(
                    old: old, outcome: outcome, bounds: bounds, isExact: isExactButForThreads)
                try comparison.compare(&verdict, &worst) { (run) throws(RegressionError) in
                    try codes(old, index, run)
                }
            }
            verdicts.append(verdict)
        }
        let refusals = results.refusals.map { verdict(of: $0, baseline: baseline) }
        let ran = Set(results.cases.map(\.name))
        let isGreen = (verdicts + refusals).allSatisfy(\.failures.isEmpty)
        return RegressionReport(
            isGreen: isGreen, environment: environment,
            productRate: BLASLibrary.productRate(order: 512), baseline: baseline?.environment, differences: differences,
            isExact: isExact, bounds: bounds, cases: verdicts, refusals: refusals,
            leftOut: (baseline?.cases ?? []).map(\.name).filter { !ran.contains($0) },
            added: baseline == nil ? [] : results.cases.map(\.name).filter { known[$0] == nil }, worst: worst.list)
    }

    /// A refusal depends on no sum: it is the baseline's wherever it is run.
    private func verdict(of refusal: RefusalOutcome, baseline: Baseline?) -> RegressionReport.Verdict {
        var verdict = RegressionReport.Verdict(name: refusal.record.name)
        if refusal.isRed {
            verdict.failures.append(.init(kind: Identity.refusal.rawValue, text: refusal.finding.text))
        }
        let old = baseline?.refusals.first { $0.name == refusal.record.name }
        if let old, old.text != refusal.record.text, !boundsOnly {
            verdict.failures.append(
                .init(
                    kind: ComparisonKind.exactness.rawValue,
                    text: "refused by \"\(refusal.record.text)\", was by \"\(old.text)\""))
        }
        return verdict
    }

    private func judgeIdentities(
        _ outcome: CaseOutcome, _ verdict: inout RegressionReport.Verdict, _ worst: inout WorstOffenders
    ) {
        if let error = outcome.error {
            verdict.failures.append(
                .init(kind: ComparisonKind.error.rawValue, text: "it cannot be quantized: \(error)"))
        }
        for identity in Identity.allCases {
            guard let finding = outcome.findings.worst[identity] else { continue }
            worst.add(identity.rawValue, outcome.name, value: finding.ratio, bound: 1, finding.text)
            guard !finding.holds else { continue }
            let size = finding.ratio < Finding.beyondAll ? "\(shortText(finding.ratio)) times its bound: " : ""
            verdict.failures.append(.init(kind: identity.rawValue, text: size + finding.text))
        }
    }
}

/// The worst of each kind so far.
struct WorstOffenders {
    private var byKind: [String: RegressionReport.Offender] = [:]
    private var order: [String] = []

    mutating func add(_ kind: String, _ name: String, value: Double, bound: Double, _ text: String) {
        if let known = byKind[kind], known.value * bound >= value * known.bound { return }
        if byKind[kind] == nil { order.append(kind) }
        byKind[kind] = .init(kind: kind, name: name, value: value, bound: bound, text: text)
    }

    var list: [RegressionReport.Offender] { order.compactMap { byKind[$0] } }
}
