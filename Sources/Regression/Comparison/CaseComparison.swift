import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices

/// One case compared with its baseline.
struct CaseComparison {
    let old: CaseRecord
    let outcome: CaseOutcome
    let bounds: ComparisonBounds
    let isExact: Bool

    private var new: CaseRecord { outcome.record }

    func compare(
        _ verdict: inout RegressionReport.Verdict, _ worst: inout WorstOffenders,
        codes: (CaseRecord.Run) throws(RegressionError) -> PackedRows
    ) throws(RegressionError) {
        func fail(_ kind: ComparisonKind, _ text: String) {
            verdict.failures.append(.init(kind: kind.rawValue, text: text))
        }
        guard (old.out, old.inputs, old.arithmetic) == (new.out, new.inputs, new.arithmetic), old.source == new.source
        else {
            fail(.source, "another layer bore this name when the baseline was recorded, or its numbers were others")
            return
        }
        guard old.options == new.options else {
            fail(.source, "quantized by other options: \(new.options); was \(old.options)")
            return
        }
        worst.add(
            "backward error, n·eps", new.name, value: new.factor.residual,
            bound: Double(new.inputs + 4) / Double(new.inputs),
            "\(shortText(old.factor.residual)) in the baseline")
        // Exactness is promised for the same threads; a case may have run with others than the whole.
        let isExact = isExact && old.threads == new.threads
        if isExact {
            if old.gram != new.gram { fail(.exactness, "the Gram matrix is another") }
            if old.factor.digest != new.factor.digest { fail(.exactness, "the factor is another") }
        }
        // A raise of the damping may come a step earlier or later, no more; what follows is another sweep then.
        let steps = new.factor.dampingShare / old.factor.dampingShare
        let isSameShare = old.factor.dampingShare == new.factor.dampingShare
        let isRaised = old.factor.isRaised || new.factor.isRaised
        if !isSameShare && (isExact || !isRaised || !(steps > 0.09 && steps < 11)) {
            fail(.damping, "damping \(new.factor.dampingShare) of the mean diagonal, was \(old.factor.dampingShare)")
        }
        for run in new.runs {
            guard let before = old.runs.first(where: { $0.name == run.name }), before.bits == run.bits,
                before.method == run.method
            else {
                fail(.shape, "run \(run.name) is not in the baseline as it is now")
                continue
            }
            if isExact { compareExactly(before, run, fail) }
            if isSameShare || run.isExactAnywhere {
                try compareByBounds(before, run, &verdict, &worst, codes)
            }
        }
    }

    private func compareExactly(
        _ before: CaseRecord.Run, _ run: CaseRecord.Run, _ fail: (ComparisonKind, String) -> Void
    ) {
        let pairs: [(String, Bool)] = [
            ("direction", before.dimension == run.dimension), ("codes", before.codes == run.codes),
            ("scales", before.scales == run.scales), ("zero points", before.zeroPoints == run.zeroPoints),
            ("offsets", before.offsets == run.offsets),
            ("loss", before.loss == run.loss), ("‖WX‖²", before.outputEnergy == run.outputEnergy),
        ]
        let others = pairs.filter { !$0.1 }.map(\.0)
        if !others.isEmpty {
            fail(
                .exactness,
                "\(run.name): other than in the baseline, though nothing in the environment is: \(others.joined(separator: ", "))"
            )
        }
    }

    private func compareByBounds(
        _ before: CaseRecord.Run, _ run: CaseRecord.Run, _ verdict: inout RegressionReport.Verdict,
        _ worst: inout WorstOffenders, _ codes: (CaseRecord.Run) throws(RegressionError) -> PackedRows
    ) throws(RegressionError) {
        // The direction is the choice identity's affair: where losses are that close, either will do.
        guard before.dimension == run.dimension else { return }
        let name = "\(new.name), \(run.name)"
        let flipped = try before.codes == run.codes ? 0 : flips(before, run, codes)
        let share = Double(flipped) / Double(new.out * new.inputs)
        let gridsAreSame =
            before.scales == run.scales && before.zeroPoints == run.zeroPoints && before.offsets == run.offsets
        let allowed = run.isExactAnywhere ? 0 : bounds.flippedShare(new, run)
        if share > allowed || (run.isExactAnywhere && !gridsAreSame) {
            let limit =
                run.isExactAnywhere
                ? "round to nearest depends on no sum" : "allowed are \(shortText(100 * allowed)) %"
            let grids = gridsAreSame ? "" : ", and grids do"
            verdict.failures.append(
                .init(
                    kind: ComparisonKind.flips.rawValue,
                    text: "\(run.name): \(flipped) codes differ, \(shortText(100 * share)) %\(grids); \(limit)"))
        }
        if !run.isExactAnywhere {
            worst.add(ComparisonKind.flips.rawValue, name, value: share, bound: allowed, "\(flipped) codes")
        }

        // Both are known up to their rounding; what flips change comes on top.
        let reference = max(before.loss, run.loss)
        let rounding = before.lossBound + run.lossBound + before.sumBound + run.sumBound
        let difference = RegressionReport.RunDifference(
            name: run.name, flippedShare: share,
            lossDifference: reference > 0 ? abs(run.loss - before.loss) / reference : 0,
            lossRounding: reference > 0 ? rounding / reference : 0)
        verdict.runs.append(difference)
        let limit = difference.lossRounding + bounds.lossToAFlip * share
        // NaN must not pass for being within.
        if !(run.loss.isFinite && difference.lossDifference <= limit) {
            verdict.failures.append(
                .init(
                    kind: ComparisonKind.loss.rawValue,
                    text:
                        "\(run.name): loss \(run.loss), was \(before.loss): \(shortText(100 * difference.lossDifference)) % apart, "
                        + "allowed are \(shortText(100 * limit)) %"))
        }
        worst.add(
            ComparisonKind.loss.rawValue, name, value: difference.lossDifference,
            bound: max(limit, .leastNormalMagnitude), "loss \(run.loss), was \(before.loss)")
    }

    private func flips(
        _ before: CaseRecord.Run, _ run: CaseRecord.Run,
        _ codes: (CaseRecord.Run) throws(RegressionError) -> PackedRows
    ) throws(RegressionError) -> Int {
        guard let mine = outcome.codes[run.name] else { return new.out * new.inputs }
        let (a, b) = (try codes(before).unpacked(), mine.unpacked())
        var count = 0
        a.withView { a in
            b.withView { b in
                for j in 0..<a.columns { for i in 0..<a.rows where a[i, j] != b[i, j] { count += 1 } }
            }
        }
        return count
    }
}
