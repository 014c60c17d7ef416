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
        let inputs = try #require(report["inputs"] as? [[String: Any]])
        #expect(layers.count == 14)
        let lines = csv.output.split(separator: "\n").map { self.fields($0) }
        #expect(lines.count == 15 && lines.allSatisfy { $0.count == lines[0].count })
        for (layer, line) in zip(layers, lines.dropFirst()) {
            let name = try #require(layer["name"] as? String)
            let row = Dictionary(uniqueKeysWithValues: zip(lines[0], line))
            #expect(row["layer"] == name && row["verdict"] == layer["verdict"] as? String)
            #expect(row["direction_gptq"] == layer["dimension"] as? String)
            #expect(row["direction_rtn"] == layer["dimensionByRoundToNearest"] as? String)
            #expect(same(row["loss_ratio"], layer["lossRatio"] as? Double))
            for method in ["rtn", "gptq"] {
                for (dimension, suffix) in [("per-oc", "per_oc"), ("per-ic", "per_ic")] {
                    let loss = value(layer, "losses", dimension, method, "relative")
                    #expect(same(row["\(method)_\(suffix)"], loss))
                }
            }
            for (measure, prefix) in [("inverseHessian", "inverse_hessian"), ("hessianDiagonal", "hessian_diagonal")] {
                let found = { (key: String) in self.value(layer, "sensitivities", measure, key, "share") }
                #expect(same(row[prefix + "_top_inputs"], found("topInputs")))
                #expect(same(row[prefix + "_top_outputs"], found("topOutputs")))
                #expect(
                    same(row[prefix + "_rank_correlation"], value(layer, "sensitivities", measure, "rankCorrelation")))
            }
            let input = inputs[try #require(layer["input"] as? Int)]
            #expect(same(row["max"], input["largest"] as? Double))
            #expect(same(row["median_max"], input["medianLargest"] as? Double))

            // The table's columns: name, max, ratio, outliers, four losses with a percent sign each, rank, verdict.
            let short = name.dropFirst("model.layers.".count)
            let shown = try #require(
                table.output.split(separator: "\n").map { $0.split(separator: " ") }.first { $0.first == short })
            let losses = [("per-oc", "rtn"), ("per-ic", "rtn"), ("per-oc", "gptq"), ("per-ic", "gptq")].map {
                String(format: "%.3g", 100 * (value(layer, "losses", $0, $1, "relative") ?? .nan))
            }
            #expect([4, 6, 8, 10].map { String(shown[$0]) } == losses)
            #expect(shown.dropFirst(13).joined(separator: " ") == row["verdict"])
        }
        #expect(try scratch.contents == Scratch.untouched)
    }

    /// The fields of a line, quoted ones unquoted.
    private func fields(_ line: Substring) -> [String] {
        var fields = [""]
        var isQuoted = false
        for character in line {
            switch character {
            case "\"": isQuoted.toggle()
            case "," where !isQuoted: fields.append("")
            default: fields[fields.count - 1].append(character)
            }
        }
        return fields
    }

    /// Whether a field is a number of the JSON; Foundation reads those with an error in the last digit.
    private func same(_ field: String?, _ number: Double?) -> Bool {
        guard let field = field.flatMap(Double.init), let number else { return false }
        return abs(field - number) <= 1e-14 * abs(number)
    }

    /// A number deep in a JSON object.
    private func value(_ object: [String: Any], _ path: String...) -> Double? {
        var found: Any? = object
        for key in path { found = (found as? [String: Any])?[key] }
        return found as? Double
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
