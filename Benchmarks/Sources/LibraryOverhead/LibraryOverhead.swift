import AdaDim
import ArgumentParser
import Foundation
import SyntheticData

/// `make bench-library`: what a caller of the C library waits longer than one of the Swift engine.
@main
struct LibraryOverhead: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "LibraryOverhead",
        abstract: "Time the C library beside the Swift engine: factor, adaptive search and results, row-major both.")

    @Option(help: "Inputs and outputs of the layer.") var size = 4096
    @Option(help: "Pairs of runs; the first is not counted.") var pairs = 24
    @Option(help: "The library to open.") var library = ".build-library/lib/libadadim.so.0"

    static func main() {
        BLASLibrary.startAgainWithBestKernels()
        main(nil)
    }

    func validate() throws {
        guard size > 0 else { throw ValidationError("--size is \(size), expected at least 1") }
        guard pairs > 2 else { throw ValidationError("--pairs is \(pairs), expected at least 3") }
    }

    func run() throws {
        let layer = try RowMajorLayer(size: size)
        let engine = try EngineLibrary(opening: library)
        var (swift, c): ([Times], [Times]) = ([], [])
        for pair in 0..<pairs {
            // Either comes first as often as the other.
            let swiftFirst = pair.isMultiple(of: 2)
            let first = try swiftFirst ? layer.bySwift() : layer.by(engine)
            let second = try swiftFirst ? layer.by(engine) : layer.bySwift()
            guard first.results == second.results else { throw LibraryError("the two give different results") }
            swift.append((swiftFirst ? first : second).times)
            c.append((swiftFirst ? second : first).times)
        }
        print(
            "\(size) × \(size), 4 bits, groups of 128, adaptive; \(BLASLibrary.threadCount) threads; the same results")
        report("seconds", swift.dropFirst().map(\.seconds), c.dropFirst().map(\.seconds))
        report(
            "seconds of the processors", swift.dropFirst().map(\.processorSeconds),
            c.dropFirst().map(\.processorSeconds))
    }

    /// The mean of the pairs' ratios, with its standard error.
    private func report(_ what: String, _ swift: [Double], _ c: [Double]) {
        let overheads = zip(swift, c).map { 100 * ($1 / $0 - 1) }.sorted()
        let count = Double(overheads.count)
        let mean = overheads.reduce(0, +) / count
        let variance = overheads.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
        func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
        print(
            String(
                format:
                    "%@: Swift %.3f, C %.3f (medians); C takes %+.2f %% (median), %+.2f ± %.2f %% (mean of %d pairs)",
                what, median(swift), median(c), median(overheads), mean, (variance / count).squareRoot(),
                overheads.count))
    }
}
