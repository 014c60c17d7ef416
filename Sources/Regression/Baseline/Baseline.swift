import Foundation

/// The file that `adadim regress record` writes: the environment, every case's numbers, the refusals. Codes are next to
/// it.
package struct Baseline: Sendable, Codable, Equatable {
    /// Marks the file as ours.
    package var kind = Baseline.kind
    package var format = Baseline.latestFormat
    package var environment: RegressionEnvironment
    package var cases: [CaseRecord]
    package var refusals: [RefusalRecord]

    package static let kind = "adadim regression baseline"
    package static let latestFormat = 1
    package static let fileName = "baseline.json"
    package static let codesFolder = "codes"

    package init(_ results: RegressionRun.Results, environment: RegressionEnvironment) {
        self.environment = environment
        cases = results.cases.map(\.record)
        refusals = results.refusals.map(\.record)
    }

    /// Refuses a run that has layers, but none of the baseline's: it would be green without any comparison.
    package func checkHasSome(of run: RegressionRun) throws(RegressionError) {
        let names = run.cases.map(\.name) + run.layers.map(\.name)
        guard names.isEmpty || !Set(names).isDisjoint(with: cases.map(\.name)) else {
            throw .nothingToRun(reason: "none of the layers, such as \(names[0]), is in the baseline")
        }
    }

    /// Keys sorted, so that two baselines can be compared as text.
    package func encoded() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self) + Data("\n".utf8)
    }

    private struct Preamble: Decodable {
        var kind: String?
        var format: Int?
    }

    /// - Parameter path: of the file, for errors.
    package init(decoding data: Data, path: String) throws(RegressionError) {
        let decoder = JSONDecoder()
        let preamble: Preamble
        do {
            preamble = try decoder.decode(Preamble.self, from: data)
        } catch {
            throw .damaged(path: path, reason: "it is not JSON, or no object")
        }
        guard preamble.kind == Self.kind, let format = preamble.format, format >= 1 else {
            throw .damaged(
                path: path,
                reason: "its \"kind\" is \(preamble.kind ?? "missing"), expected \"\(Self.kind)\" with a format")
        }
        guard format <= Self.latestFormat else {
            throw .newerFormat(path: path, found: format, expected: Self.latestFormat)
        }
        do {
            self = try decoder.decode(Baseline.self, from: data)
        } catch let error as DecodingError {
            throw .damaged(path: path, reason: Self.text(of: error))
        } catch {
            throw .damaged(path: path, reason: "\(error)")
        }
        let names = cases.map(\.name)
        guard Set(names).count == names.count else { throw .damaged(path: path, reason: "two cases bear one name") }
    }

    private static func text(of error: DecodingError) -> String {
        func place(_ context: DecodingError.Context, _ last: (any CodingKey)? = nil) -> String {
            let keys = context.codingPath + (last.map { [$0] } ?? [])
            return keys.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
        }
        return switch error {
        case .keyNotFound(let key, let context): "\(place(context, key)) is missing"
        case .valueNotFound(_, let context): "\(place(context)) is missing"
        case .typeMismatch(let type, let context): "\(place(context)) is no \(type)"
        case .dataCorrupted(let context): "\(place(context)) cannot be read"
        @unknown default: "it cannot be read"
        }
    }
}
