import Glibc

/// What a program that starts itself again passes on in an environment variable: its kernels, and the families that it
/// has requested, such as "Prescott>Cooperlake,SkylakeX".
package struct RestartMarker: Sendable, Equatable {
    /// The family that answered at first.
    package let replaced: String
    /// Families requested so far, the last of them for this start.
    package let tried: [String]

    package static let variable = "ADADIM_RESTARTED"

    package init(replaced: String, tried: [String]) {
        self.replaced = replaced
        self.tried = tried
    }

    package init?(_ text: String) {
        let parts = text.split(separator: ">", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else { return nil }
        replaced = String(parts[0])
        tried = parts[1].split(separator: ",").map(String.init)
    }

    package var text: String { "\(replaced)>\(tried.joined(separator: ","))" }

    /// This process's. It is valid only while OPENBLAS_CORETYPE still has the requested value: a child process with
    /// another setting has its own.
    static let current: RestartMarker? = BLASLibrary.environment(variable).flatMap(RestartMarker.init).flatMap {
        $0.tried.last == BLASLibrary.environment("OPENBLAS_CORETYPE") ? $0 : nil
    }
}
