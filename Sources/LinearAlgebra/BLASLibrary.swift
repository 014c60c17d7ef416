import COpenBLAS

/// The BLAS in use, as it describes itself, and its process-wide number of threads.
public enum BLASLibrary {
    /// The kernels that OpenBLAS chose for this CPU, such as "Haswell" or "SkylakeX".
    public static var coreName: String { String(cString: openblas_get_corename()) }

    /// OpenBLAS's description of its build: version, threading, kernels.
    public static var configuration: String { String(cString: openblas_get_config()) }

    /// The number of threads that products and factorizations use. One count for the process, as OpenBLAS keeps it;
    /// the engine's own loops use as many. While they run, OpenBLAS itself may say one to other parts of the program.
    /// At first as many as OpenBLAS takes: the CPU's, or what OPENBLAS_NUM_THREADS says.
    ///
    /// Setting it waits until no such loop runs. Work that is under way goes on with the new count, and adds up its sums
    /// in another order from there on; of its jobs no more run side by side than the count that it began with.
    /// - Precondition: a count to set is positive.
    public static var threadCount: Int {
        get { ThreadLending.shared.threadCount }
        set {
            precondition(newValue > 0, "a thread count of \(newValue)")
            ThreadLending.shared.threadCount = newValue
        }
    }

    /// Whether the process has what the engine needs of it, a key for thread-local storage.
    package static var isUsable: Bool { ThreadLending.shared.isUsable }
}
