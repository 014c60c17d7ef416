import AdaDimFiles
import Foundation
import Glibc

/// The program's arguments, which need not be UTF-8. Swift's own list repairs invalid UTF-8, and a repaired path is
/// another path.
enum ProgramArguments {
    /// Without the program's name.
    static var strings: [String] {
        (1..<max(1, Int(CommandLine.argc))).compactMap { index in
            CommandLine.unsafeArgv[index].map { String(systemBytes: $0) }
        }
    }
}

extension URL {
    /// A path as it was given.
    init(argument path: String) {
        // Foundation repairs the current directory's name, too.
        guard !path.hasPrefix("/"), let current = Self.currentDirectory, current != current.withReadablePaths else {
            self.init(filePath: path)
            return
        }
        self.init(filePath: current + "/" + path)
    }

    private static var currentDirectory: String? {
        guard let path = getcwd(nil, 0) else { return nil }
        defer { free(path) }
        return String(systemBytes: path)
    }
}
