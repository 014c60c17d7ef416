import COpenBLAS

/// The BLAS in use, as it describes itself, and its process-wide number of threads.
public enum BLASLibrary {
    /// The kernels that OpenBLAS chose for this CPU, such as "Haswell" or "SkylakeX".
    public static var coreName: String { String(cString: openblas_get_corename()) }

    /// OpenBLAS's description of its build: version, threading, kernels.
    public static var configuration: String { String(cString: openblas_get_config()) }

    /// The number of threads that products and factorizations use. One count for the process, as OpenBLAS keeps it; the
    /// engine's own loops use as many. While they run, OpenBLAS itself may report one thread to other parts of the
    /// program. At first OpenBLAS's own choice: one for each processor that the process may run on, or
    /// OPENBLAS_NUM_THREADS. OpenBLAS ignores the CPU quota of a container; ``MachineProcessors/count`` includes it. A
    /// program may set the count to that; the command-line tool does.
    ///
    /// Setting it waits until no such loop runs. Work that is under way goes on with the new count, and adds up its sums
    /// in another order from there on; of its jobs no more run side by side than the count that it began with. The count is
    /// lower than what was set where OpenBLAS is not built for as many, or where the system does not give the process as many
    /// (`ulimit -u`, a control group's `pids.max`).
    /// - Precondition: a count to set is positive.
    public static var threadCount: Int {
        get { ThreadLending.shared.threadCount }
        set {
            precondition(newValue > 0, "a thread count of \(newValue)")
            ThreadLending.shared.threadCount = newValue
        }
    }

    /// Starts the threads of the engine's own loops, which otherwise start when they are first needed.
    /// - Returns: how many the loops can use, the caller's own among them: ``threadCount``, or fewer if the system gives no
    ///   more. Everything is computed with fewer as well, and with the same result.
    package static func startThreads() -> Int { min(threadCount, WorkerThreads.shared.prepare(threadCount - 1) + 1) }

    /// Whether the process has what the engine needs of it, a key for thread-local storage.
    package static var isUsable: Bool { ThreadLending.shared.isUsable }
}
