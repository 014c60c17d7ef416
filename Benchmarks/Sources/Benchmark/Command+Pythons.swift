import Foundation
import Results

extension Command {
    /// The Python interpreters to try: `python3` of the PATH, then that of `make venv`.
    static func pythons(repository: URL) -> [URL] {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let folders = path.split(separator: ":").map { URL(filePath: String($0)) }
        let first = folders.map { $0.appending(path: "python3") }.first {
            FileManager.default.isExecutableFile(atPath: $0.path)
        }
        let own = repository.appending(path: ".venv/bin/python")
        return [first, own].compactMap { $0 }.filter { FileManager.default.isExecutableFile(atPath: $0.path) }
    }
}
