import AdaDimLinearAlgebra
import Glibc

/// How many threads a run computes with: `--threads`, or else a variable of OpenBLAS's, or else as many as the process
/// can use; fewer where the system gives fewer.
struct ThreadSettings {
    /// What a user should know, a line each.
    private(set) var notices: [String] = []

    /// Sets the count and starts the threads, so that what is missing is known now.
    /// - Parameter asked: `--threads`, if it was given.
    init(asked: Int?) {
        let before = BLASLibrary.threadCount
        if let asked {
            BLASLibrary.threadCount = asked
            let count = BLASLibrary.threadCount
            if count < asked { notices.append("computing with \(Self.threads(count)), not \(asked): \(Self.reason)") }
        } else if !Self.isChosen {
            let count = MachineProcessors.count
            if count < before {
                BLASLibrary.threadCount = count
                notices.append(
                    "computing with \(Self.threads(count)): the CPU quota of the control group allows no more")
            }
        }
        let count = BLASLibrary.threadCount
        let usable = BLASLibrary.startThreads()
        if usable < count {
            notices.append("some of the work runs on \(Self.threads(usable)), not \(count): \(Self.reason)")
        }
    }

    /// Variables that set OpenBLAS's number of threads.
    private static var isChosen: Bool {
        ["OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS"].contains { (name: String) in
            guard let value = getenv(name), let count = Int(String(cString: value)) else { return false }
            return count > 0
        }
    }

    private static func threads(_ count: Int) -> String { count == 1 ? "1 thread" : "\(count) threads" }

    private static let reason =
        "OpenBLAS takes no more, or the system gives this process no more (ulimit -u, ulimit -v, pids.max of its control group)"
}
