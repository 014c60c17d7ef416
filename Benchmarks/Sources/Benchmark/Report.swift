import Foundation
import Results
import TextTable

/// All results of one run, as text that is valid Markdown.
struct Report {
    private let children: [ChildResults]
    let results: Results

    init(children: [ChildResults], peer: Peer?, threads: Int, repository: URL) {
        self.children = children
        let rows = children.flatMap(\.rows).map { row in
            var row = row
            row.peerSeconds = peer?.seconds(for: row.work)
            row.peerRatio = row.peerSeconds.map { $0 / row.seconds }
            return row
        }
        results = Results(rows, threads: threads, repository: repository)
    }

    var text: String {
        let kernels = zip(["environment", "native"], children).map { "\($0): \($1.core)" }.joined(separator: ", ")
        let same = Set(children.map(\.core)).count == 1 ? " (the environment chooses no others)" : ""
        return """
            machine: \(results.machine)
            BLAS: \(children.first?.configuration ?? ""); kernels \(kernels)\(same)
            threads: \(results.threads); commit \(results.commit)

            \(table)

            \((ratios + children.flatMap(\.notes)).map { "- " + $0 }.joined(separator: "\n"))
            """
    }

    private var table: String {
        func number(_ value: Double?, _ format: String) -> String { value.map { String(format: format, $0) } ?? "" }
        return TextTable<Row> { row in
            [
                Column(title: "work", value: row.work),
                Column(title: "kernel", value: row.kernel),
                Column(title: "seconds", value: number(row.seconds, "%.3f"), align: .right),
                Column(title: "GFLOP/s", value: number(row.gflops, "%.0f"), align: .right),
                Column(title: "of sgemm", value: number(row.shareOfSgemm * 100, "%.0f %%"), align: .right),
                Column(title: "peer s", value: number(row.peerSeconds, "%.2f"), align: .right),
                Column(title: "times as fast", value: number(row.peerRatio, "%.1f"), align: .right),
                Column(title: "residual", value: number(row.residual, "%.0e"), align: .right),
                Column(title: "relative loss", value: number(row.relativeLoss, "%.5f"), align: .right),
            ]
        }.string(for: results.results, style: Style.pipe) ?? ""
    }

    /// What the two directions' sweeps cost beside each other: the ratio of their shares of `sgemm`, for their flops are
    /// equal, and their seconds were measured minutes apart.
    private var ratios: [String] {
        children.compactMap { child in
            let shares = Dictionary(child.rows.map { ($0.work, $0.shareOfSgemm) }) { first, _ in first }
            guard let ic = shares["sweep per-ic 4096x4096"], let oc = shares["sweep per-oc 4096x4096"] else {
                return nil
            }
            return String(
                format: "%@: the per-IC sweep of 4096x4096 takes %.2f times the per-OC one's time, by shares of sgemm",
                child.rows[0].kernel, oc / ic)
        }
    }
}
