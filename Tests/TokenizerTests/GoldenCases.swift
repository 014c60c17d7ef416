import AdaDimTokenizer
import Foundation

/// Goldens/cases.json, as Goldens/make_goldens.py writes it.
struct GoldenCases: Decodable {
    struct Long: Decodable {
        let unit: String
        let count: Int
        var text: String { String(repeating: unit, count: count) }
    }

    struct Digest: Decodable, Equatable {
        let count: Int
        let hash: String

        init(of ids: [Int]) {
            count = ids.count
            var hash: UInt64 = 0xCBF2_9CE4_8422_2325
            for id in ids { hash = (hash ^ UInt64(id)) &* 0x100_0000_01B3 }
            let digits = String(hash, radix: 16)
            self.hash = String(repeating: "0", count: 16 - digits.count) + digits
        }
    }

    struct Family: Decodable {
        let vocabularySize: Int
        let ids: [[Int]]
        let special: [[Int]]
        let long: [Digest]
    }

    struct Split: Decodable {
        let text: String
        let pieces: [Int]
    }

    let texts: [String]
    let flagTexts: [String]
    let long: [Long]
    let patterns: [String: [Split]]
    let families: [String: Family]

    private static let decoded = Result {
        try JSONDecoder().decode(GoldenCases.self, from: Data(contentsOf: file("cases.json")))
    }

    static func load() throws -> GoldenCases { try decoded.get() }

    static func file(_ name: String) -> URL {
        Bundle.module.resourceURL?.appendingPathComponent("Goldens").appendingPathComponent(name)
            ?? URL(fileURLWithPath: name)
    }

    static func tokenizer(_ family: String) throws -> Tokenizer {
        try Tokenizer(file: file("\(family).json"))
    }
}
