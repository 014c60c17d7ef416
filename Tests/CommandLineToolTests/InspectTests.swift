import Foundation
import Testing

/// `adadim inspect`, as a user meets it.
@Suite struct InspectTests {
    private static let options = [
        "inspect", "model", "--calibration", "text.safetensors", "--group-size", "8", "--samples", "8",
        "--sequence-length", "16", "--quiet",
    ]

    @Test func tableJSONAndCSVSayTheSame() throws {
        let scratch = try Scratch()
        let table = try scratch.tool.run(Self.options)
        let json = try scratch.tool.run(Self.options + ["--json"])
        let csv = try scratch.tool.run(Self.options + ["--csv"])
        for outcome in [table, json, csv] { #expect(outcome.status == 0 && outcome.errors.isEmpty) }
        let report = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        let layers = try #require(report["layers"] as? [[String: Any]])
        let names = layers.compactMap { $0["name"] as? String }
        #expect(names.count == 14)
        let lines = csv.output.split(separator: "\n")
        #expect(lines.count == 15 && lines[0].hasPrefix("layer,out,in,"))
        for (index, name) in names.enumerated() {
            #expect(table.output.contains("\n\(name.dropFirst("model.layers.".count)) "))
            #expect(lines[index + 1].hasPrefix(name + ","))
        }
        // Every line has as many fields as the heading, the quoted verdict being one.
        let fields = try Regex(#"("([^"]|"")*"|[^,]*)(,|$)"#)
        let counts = Set(lines.map { $0.matches(of: fields).count { !$0.range.isEmpty } })
        #expect(counts.count == 1)
        #expect(try scratch.contents == Scratch.untouched)
    }

    @Test func theReportIsADirectoryWithALink() throws {
        let scratch = try Scratch()
        let outcome = try scratch.tool.run(Self.options + ["--report", "seen"])
        #expect(outcome.status == 0)
        let last = try #require(outcome.output.split(separator: "\n").last)
        #expect(last.hasPrefix("Report: file:///") && last.hasSuffix("/seen/inspection-report.html"))
        let url = try #require(URL(string: String(last.dropFirst("Report: ".count))))
        let page = try String(contentsOf: url, encoding: .utf8)
        #expect(page.hasPrefix("<!DOCTYPE html>") || page.hasPrefix("<!doctype html>"))
        #expect(page.contains("model.layers.1.mlp.down_proj"))
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: scratch.url.appending(path: "seen").path).sorted()
                == ["channels.safetensors", "inspection-report.html", "inspection-report.json", "layers.csv"])
        let again = try scratch.tool.run(Self.options + ["--report", "seen"])
        #expect(again.status == 1 && again.errors.contains("/seen: exists already"))
        #expect(try scratch.tool.run(Self.options + ["--report", "seen", "--overwrite"]).status == 0)
    }

    @Test func thresholdsDecideWhatAnOutlierIs() throws {
        let scratch = try Scratch()
        func outliers(_ options: [String]) throws -> Int {
            let outcome = try scratch.tool.run(Self.options + ["--json"] + options)
            let report = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
            let inputs = try #require(report?["inputs"] as? [[String: Any]])
            return inputs.reduce(0) { $0 + (($1["outliers"] as? [Any])?.count ?? 0) }
        }
        let all = try outliers(["--outlier-magnitude", "0", "--outlier-ratio", "0"])
        let some = try outliers(["--outlier-magnitude", "0", "--outlier-ratio", "1.5"])
        #expect(some > 0 && all > some)
        #expect(try outliers([]) == 0)
    }

    @Test func refusals() throws {
        let scratch = try Scratch()
        let cases: [([String], Int32, String)] = [
            (["--outlier-ratio", "-1"], 64, "--outlier-ratio is -1.0, expected a number of 0 or more"),
            (["--outlier-magnitude", "nan"], 64, "--outlier-magnitude is nan"),
            (["--overwrite"], 64, "--overwrite needs --report"),
            (["--report", ""], 64, "--report is empty"),
            (["--json", "--csv"], 64, "exclude each other"),
            (["--bits", "5"], 64, "--bits is 5"),
            (["--propagate", "original"], 64, "Unknown option '--propagate'"),
            (["--skip", "experts"], 1, "--skip experts: no linear layer matches"),
            (["--report", "model"], 1, "is the model's own directory"),
            (["--report", "model/inside"], 1, "model"),
        ]
        for (options, status, text) in cases {
            let outcome = try scratch.tool.run(Self.options + options)
            #expect(outcome.status == status, "\(options)")
            #expect(outcome.errors.contains(text), "\(outcome.errors)")
            #expect(outcome.output.isEmpty)
        }
        #expect(try scratch.contents == Scratch.untouched)
    }
}
