import Glibc

/// The system's information about this process's memory.
enum ProcessMemory {
    /// The peak resident memory so far, in bytes; nil where the system does not report it.
    static var peakBytes: Int? {
        var usage = rusage()
        guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0, usage.ru_maxrss > 0 else { return nil }
        return usage.ru_maxrss * 1024
    }
}
