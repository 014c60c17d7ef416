import AdaDimReports
import TextTable

/// What a user reads when a layer is done: what each direction loses, and what was made of it.
struct LayerText {
    let report: LayerReport

    private struct Row {
        let direction: String
        let losses: QuantizationReport.DirectionLosses
        let isChosen: Bool
    }

    var text: String {
        let table = TextTable<Row> { row in
            [
                Column(title: "relative loss", value: row.direction),
                Column(title: "rtn", value: row.losses.rtn.map { shareText($0.relative) } ?? "", align: .right),
                Column(title: "gptq", value: row.losses.gptq.map { shareText($0.relative) } ?? "", align: .right),
                Column(title: "refined", value: row.losses.refined.map { shareText($0.relative) } ?? "", align: .right),
                Column(title: "", value: row.isChosen ? "chosen" : ""),
            ]
        }
        var lines = [heading, table.string(for: rows) ?? "", choice]
        if !report.dampingRaises.isEmpty {
            lines.append("damping \(significant(report.dampingShare, 3)) of the Gram matrix's mean diagonal, raised")
        }
        if report.inactiveInputs > 0 { lines.append("\(report.inactiveInputs) dead columns") }
        lines.append(time)
        if let output = report.output { lines.append("Written to \(output)") }
        return lines.joined(separator: "\n")
    }

    private var heading: String {
        let tokens = report.tokens.map { "\($0) tokens" } ?? "a Gram matrix"
        return "\(report.name): \(report.shape) \(report.weightType), \(tokens)"
    }

    private var rows: [Row] {
        report.losses.sorted { $0.key > $1.key }.map {
            Row(direction: $0.key, losses: $0.value, isChosen: $0.key == report.dimension.rawValue)
        }
    }

    private var choice: String {
        let tail = report.tailGroup.map { ", the last of a channel \($0)" } ?? ""
        let grid = report.options.options.grid
        return
            "\(report.dimension.rawValue), \(grid.twoLevel.map { "\($0.rawValue), " } ?? "")\(grid.bits) bits in groups of \(report.groupSize)\(tail): "
            + (report.loss.relative.map { "loses \(percent($0)) of ‖WX‖²" } ?? "has no output to lose, ‖WX‖² is 0")
    }

    /// Where the time went.
    private var time: String {
        let seconds = report.seconds
        let parts: [(name: String, seconds: Double)] = [
            ("reading", seconds.read), ("Gram", seconds.gram), ("factor", seconds.factor),
            ("‖WX‖²", seconds.reference), ("RTN", seconds.rtn), ("sweep", seconds.sweep), ("writing", seconds.write),
        ]
        return "\(duration(seconds.total)) in all: \(shares(parts, of: seconds.total))"
    }
}
