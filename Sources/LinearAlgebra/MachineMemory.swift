import Glibc

/// The memory that this process may use.
public enum MachineMemory {
    /// Bytes of physical memory, or of the control groups that the process lives in if they allow less; nil if the
    /// system tells neither.
    public static var bytes: Int? {
        [physical, ControlGroups().memory].compactMap { $0 }.min()
    }

    private static var physical: Int? {
        let (pages, size) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
        return pages > 0 && size > 0 ? pages * size : nil
    }
}
