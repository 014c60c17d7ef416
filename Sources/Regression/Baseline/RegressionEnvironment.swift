import AdaDimLinearAlgebra
import AdaDimQuantization
import Foundation

/// What numbers may depend on: the libraries that really answer, their kernels, the compiler, the processor.
package struct RegressionEnvironment: Sendable, Codable, Equatable {
    package var tool: String
    /// The compiler of this program, by its language version.
    package var compiler: String
    package var processor: String
    package var system: String
    /// Threads that the run was given.
    package var threads: Int
    /// OpenBLAS's description of itself, as it was linked.
    package var openBLAS: String
    /// OpenBLAS's kernels; where another library multiplies, that it does.
    package var kernels: String
    /// The engine's own kernels: "AVX2", …
    package var tileKernels: String
    /// The file that answers each routine.
    package var answers: [Answer]

    package struct Answer: Sendable, Codable, Equatable {
        package var symbol: String
        /// Links resolved, or "unknown".
        package var file: String
        /// Of the file's bytes: two versions may bear one name.
        package var digest: String
    }

    /// Of this process, here and now.
    package static func current(tool: String) -> RegressionEnvironment {
        var digests: [String: String] = [:]
        let answers = BLASLibrary.answers.map { answer in
            let file = answer.file ?? "unknown"
            let digest = digests[file] ?? Self.digest(ofFile: file)
            digests[file] = digest
            return Answer(symbol: answer.symbol, file: file, digest: digest)
        }
        let products = BLASLibrary.answers.first?.file ?? "an unknown library"
        return RegressionEnvironment(
            tool: tool, compiler: compilerVersion, processor: processorName, system: systemName,
            threads: BLASLibrary.threadCount, openBLAS: BLASLibrary.configuration,
            kernels: BLASLibrary.coreNameOfProducts
                ?? "unknown: \(products) computes products, not the linked OpenBLAS",
            tileKernels: TileKernels.best.name, answers: answers)
    }

    /// What differs from another environment, a line for each; empty where numbers must be the same to the last bit.
    package func differences(from other: RegressionEnvironment) -> [String] {
        var lines: [String] = []
        func compare(_ what: String, _ path: KeyPath<RegressionEnvironment, String>) {
            if self[keyPath: path] != other[keyPath: path] {
                lines.append("\(what): \(other[keyPath: path]), now \(self[keyPath: path])")
            }
        }
        compare("tool", \.tool)
        compare("compiler", \.compiler)
        compare("processor", \.processor)
        compare("OpenBLAS", \.openBLAS)
        compare("kernels", \.kernels)
        compare("tile kernels", \.tileKernels)
        if threads != other.threads { lines.append("threads: \(other.threads), now \(threads)") }
        for (old, new) in zip(other.answers, answers) where old != new {
            lines.append("\(new.symbol): \(old.file) (\(old.digest)), now \(new.file) (\(new.digest))")
        }
        if answers.map(\.symbol) != other.answers.map(\.symbol) { lines.append("other routines are looked at") }
        return lines
    }

    private static func digest(ofFile path: String) -> String {
        guard let bytes = FileManager.default.contents(atPath: path) else { return "unknown" }
        var digest = Digest()
        digest.add(bytes: [UInt8](bytes))
        return digest.text
    }

    /// Swift reveals its version only at compile time, by comparison.
    private static var compilerVersion: String {
        #if compiler(>=6.5)
            "Swift 6.5 or later"
        #elseif compiler(>=6.4)
            "Swift 6.4"
        #elseif compiler(>=6.3.2)
            "Swift 6.3.2 or later"
        #elseif compiler(>=6.3.1)
            "Swift 6.3.1"
        #elseif compiler(>=6.3)
            "Swift 6.3"
        #elseif compiler(>=6.2)
            "Swift 6.2"
        #else
            "Swift 6.1"
        #endif
    }

    private static var processorName: String {
        let lines = text(ofFile: "/proc/cpuinfo").split(whereSeparator: \.isNewline)
        let model = lines.first { $0.hasPrefix("model name") }?.split(separator: ":").last.map(String.init)
        return model?.trimmingCharacters(in: .whitespaces) ?? "unknown"
    }

    private static var systemName: String {
        let line = text(ofFile: "/etc/os-release").split(whereSeparator: \.isNewline).first {
            $0.hasPrefix("PRETTY_NAME=")
        }
        return line.map { $0.dropFirst("PRETTY_NAME=".count).trimmingCharacters(in: CharacterSet(charactersIn: "\"")) }
            ?? "unknown"
    }

    private static func text(ofFile path: String) -> String {
        (FileManager.default.contents(atPath: path)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
