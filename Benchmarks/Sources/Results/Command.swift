import Foundation

/// Other programs.
package enum Command {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Runs a program to its end.
    /// - Parameters:
    ///   - environment: as this process's if nil.
    ///   - quiet: whether to drop what it says of its errors.
    /// - Returns: what it wrote to its standard output.
    /// - Throws: ``Failure`` if it cannot be started or fails.
    @discardableResult
    package static func run(
        _ program: URL, _ arguments: [String], environment: [String: String]? = nil, quiet: Bool = false
    )
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
}
