import Glibc

/// The memory that this process may use.
public enum MachineMemory {
    /// Bytes of physical memory, or of the control group that the process runs in if that allows less; nil if the
    /// system tells neither.
    public static var bytes: Int? {
        [physical, controlGroupLimit].compactMap { $0 }.min()
    }

    private static var physical: Int? {
        let (pages, size) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
        return pages > 0 && size > 0 ? pages * size : nil
    }

    /// As containers see their own group: version 2 of control groups, then version 1. A file that says "max" sets no
    /// limit.
    private static var controlGroupLimit: Int? {
        ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"].lazy.compactMap(number).first
    }

    private static func number(in path: String) -> Int? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 32)
        guard fgets(&line, Int32(line.count), file) != nil else { return nil }
        return Int(String(decoding: line.prefix { $0 >= 48 && $0 <= 57 }.map(UInt8.init), as: UTF8.self))
    }
}
