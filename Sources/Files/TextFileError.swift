/// Why a file cannot be read as text.
package struct TextFileError: Error, Equatable, CustomStringConvertible {
    package enum Problem: Equatable, Sendable {
        case unreadable(reason: String)
        /// What Git Large File Storage or git-annex puts in a file's place until the file is fetched.
        case pointer(StandIn)
        /// - Parameter bytes: nil for a pipe, which has more than it may.
        case tooLarge(bytes: Int?, most: Int)
        case lineTooLong(number: Int, most: Int)
    }

    package let file: String
    package let problem: Problem

    package init(file: String, _ problem: Problem) {
        self.file = file
        self.problem = problem
    }

    package var description: String { "\(file): \(problem)" }
}

extension TextFileError.Problem: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreadable(let reason): "cannot be read: \(reason)"
        case .pointer(let pointer): "\(pointer)"
        case .tooLarge(let bytes, let most):
            "\(bytes.map { "\($0)" } ?? "more than \(most)") bytes of text, expected at most \(most)"
        case .lineTooLong(let number, let most): "line \(number) has more bytes than the \(most) that a line may have"
        }
    }
}
