import Foundation

/// All that one run measured, and where; the keys are those of the JSON file.
package struct Results: Encodable {
    package let machine: String
    package let commit: String
    package let threads: Int
    package let results: [Row]

    /// - Parameter repository: AdaDim's sources, for the commit.
    package init(_ rows: [Row], threads: Int, repository: URL) {
        machine = Self.machine()
        commit = Self.commit(repository)
        self.threads = threads
        results = rows
    }

    private static func machine() -> String {
        let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let model = text.split(separator: "\n").first { $0.hasPrefix("model name") }?.split(separator: ":").last
        let name = model.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown processor"
        let process = ProcessInfo.processInfo
        return "\(name), \(process.processorCount) cores, \(process.physicalMemory >> 30) GB"
    }

    private static func commit(_ repository: URL) -> String {
        func git(_ arguments: String...) -> String {
            let output = try? Command.run(URL(filePath: "/usr/bin/git"), ["-C", repository.path] + arguments)
            return output.map { String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines) }
                ?? ""
        }
        return git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain").isEmpty ? "" : " and changes")
    }
}
