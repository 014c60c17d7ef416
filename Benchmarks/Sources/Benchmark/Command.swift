import Foundation

/// Other programs.
enum Command {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Runs a program to its end.
    /// - Parameters:
    ///   - environment: as this process's if nil.
    ///   - quiet: whether to drop what it says of its errors.
    /// - Returns: what it wrote to its standard output.
    /// - Throws: ``Failure`` if it cannot be started or fails.
    @discardableResult
    static func run(_ program: URL, _ arguments: [String], environment: [String: String]? = nil, quiet: Bool = false)
        throws -> Data
    {
        let process = Process()
        let output = Pipe()
        process.executableURL = program
        process.arguments = arguments
        process.standardOutput = output
        if quiet { process.standardError = FileHandle.nullDevice }
        if let environment { process.environment = environment }
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(
                description:
                    "\(program.path) \(arguments.joined(separator: " ")) ended with \(process.terminationStatus)")
        }
        return data
    }

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
