import Foundation

/// Other programs.
package enum Command {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// The program that runs now, for `signalsReachChild`'s handlers.
    private nonisolated(unsafe) static var child: pid_t = 0

    /// Foundation starts programs in process groups of their own, where Ctrl-C and a kill of this process would leave them running.
    private static let signalsReachChild: Void = {
        for number in [SIGINT, SIGTERM] {
            signal(number) { received in
                if child > 0 { kill(child, received) }
                signal(received, SIG_DFL)
                raise(received)
            }
        }
    }()

    /// Runs a program to its end; it is sent what interrupts or ends this one. One at a time.
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
        signalsReachChild
        try process.run()
        child = process.processIdentifier
        defer { child = 0 }
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
