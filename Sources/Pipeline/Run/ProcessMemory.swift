import Glibc

/// What the system says of this process's memory.
enum ProcessMemory {
    /// The most that was resident at any time so far, bytes; nil where the system does not tell.
    static var peakBytes: Int? {
        var usage = rusage()
        guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0, usage.ru_maxrss > 0 else { return nil }
        return usage.ru_maxrss * 1024
    }
}
