import Foundation
import Results

/// The usual GPTQ in PyTorch, `gptq_torch.py`, for the same layers.
struct Peer {
    private struct Times: Decodable {
        let gram: Double
        var factor: Double?
        var sweep: Double?

        enum CodingKeys: String, CodingKey {
            case gram = "gram_s"
            case factor = "factor_s"
            case sweep = "sweep_s"
        }
    }

    private let python: URL
    private let scripts: URL
    private let threads: Int
    private var measured: [LayerShape: [Times]] = [:]
    private var blocks: [Double] = []

    /// Nil where no interpreter has torch.
    init?(repository: URL, threads: Int) {
        let found = Command.pythons(repository: repository).first {
            (try? Command.run($0, ["-c", "import torch"], quiet: true)) != nil
        }
        guard let found else { return nil }
        python = found
        scripts = repository.appending(path: "Benchmarks")
        self.threads = threads
    }

    mutating func measure(_ shape: LayerShape) throws {
        let output = try Command.run(
            python,
            [
                scripts.appending(path: "gptq_torch.py").path, "--out", "\(shape.rows)", "--in", "\(shape.inputs)",
                "--tokens", "\(LayerRun.tokens)", "--threads", "\(threads)",
            ])
        measured[shape, default: []].append(try JSONDecoder().decode(Times.self, from: output))
    }

    mutating func measureGramBlock() throws {
        let output = try Command.run(
            python, [scripts.appending(path: "gram_block_torch.py").path, "--threads", "\(threads)"])
        blocks.append(try JSONDecoder().decode(Times.self, from: output).gram)
    }

    /// The peer's time for a work; nil where it has none to compare. Its sweep is per-OC; a search is compared with
    /// it too.
    func seconds(for work: String) -> Double? {
        if work == Workbench.gramBlock { return blocks.isEmpty ? nil : blocks.median }
        let words = work.split(separator: " ")
        guard let first = words.first, let last = words.last else { return nil }
        let runs = measured.filter { shape, _ in last == shape.name || last == "\(shape.inputs)" }
            .sorted { $0.key.rows < $1.key.rows }.first?.value
        guard let runs else { return nil }
        func median(_ part: (Times) -> Double) -> Double { runs.map(part).median }
        switch first {
        case "gram": return median(\.gram)
        case "factor": return median { $0.factor ?? 0 }
        case "sweep", "search": return median { $0.sweep ?? 0 }
        case "factor+sweep", "factor+search": return median { ($0.factor ?? 0) + ($0.sweep ?? 0) }
        case "layer" where words.count == 3:
            return median { $0.gram + ($0.factor ?? 0) + ($0.sweep ?? 0) }
        default: return nil
        }
    }
}
