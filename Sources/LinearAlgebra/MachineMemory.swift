import Glibc

/// The memory that this process may use.
public enum MachineMemory {
    /// Bytes of physical memory, or of the process's control groups or remaining address space (`ulimit -v`) if they
    /// allow less; nil if the system reports none of them.
    public static var bytes: Int? {
        [physical, ControlGroups().memory, addressSpace].compactMap { $0 }.min()
    }

    /// Bytes of address space that the process has left; nil where nothing limits it.
    package static var addressSpace: Int? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0, limit.rlim_cur < rlim_t(Int.max),
            let file = fopen("/proc/self/statm", "re")
        else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        guard fgets(&line, Int32(line.count), file) != nil else { return nil }
        let digits = line.prefix { $0 >= 48 && $0 <= 57 }.map(UInt8.init)
        guard let pages = Int(String(decoding: digits, as: UTF8.self)) else { return nil }
        return max(0, Int(limit.rlim_cur) - pages * sysconf(Int32(_SC_PAGESIZE)))
    }

    private static var physical: Int? {
        let (pages, size) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
        return pages > 0 && size > 0 ? pages * size : nil
    }
}
