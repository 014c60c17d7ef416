import Glibc

/// The processors that this process may use.
public enum MachineProcessors {
    /// How many threads can run at once: the processors that the system lets the process run on (`taskset`, cpusets), or as
    /// many as the CPU quota of its control groups is worth, rounded up, if that is less.
    public static var count: Int { count(in: ControlGroups()) }

    package static func count(in groups: ControlGroups) -> Int {
        guard let quota = groups.processors, quota < Double(allowed) else { return allowed }
        return max(1, Int(quota.rounded(.up)))
    }

    /// As `nproc` counts them.
    private static var allowed: Int {
        // The headers show this function to GNU sources only, which Swift's view of them is not.
        typealias Affinity = @convention(c) (pid_t, Int, UnsafeMutableRawPointer) -> Int32
        if let function = dlsym(nil, "sched_getaffinity") {
            let affinity = unsafeBitCast(function, to: Affinity.self)
            // Room for 65536 processors; the system fills in what it has.
            var set = [UInt64](repeating: 0, count: 1024)
            if affinity(0, set.count * MemoryLayout<UInt64>.size, &set) == 0 {
                let count = set.reduce(0) { $0 + $1.nonzeroBitCount }
                if count > 0 { return count }
            }
        }
        return max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    }
}
