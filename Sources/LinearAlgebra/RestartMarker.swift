import Glibc

/// What a program that starts itself again leaves to itself in an environment variable: which kernels it had, and which
/// families it has asked for, such as "Prescott>Cooperlake,SkylakeX".
package struct RestartMarker: Sendable, Equatable {
    /// The family that answered at first.
    package let replaced: String
    /// Families asked for, the last of them by this start.
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

    /// This process's. It holds only while OPENBLAS_CORETYPE still is what it asked for: a process that this one starts with
    /// another setting has its own.
    static let current: RestartMarker? = BLASLibrary.environment(variable).flatMap(RestartMarker.init).flatMap {
        $0.tried.last == BLASLibrary.environment("OPENBLAS_CORETYPE") ? $0 : nil
    }
}
