import COpenBLAS

/// The BLAS in use, as it describes itself, and its process-wide number of threads.
public enum BLASLibrary {
    /// The kernels that OpenBLAS chose for this CPU, such as "Haswell" or "SkylakeX".
    public static var coreName: String { String(cString: openblas_get_corename()) }

    /// OpenBLAS's description of its build: version, threading, kernels.
    public static var configuration: String { String(cString: openblas_get_config()) }

    /// The number of threads that products and factorizations use. One count for the process, as OpenBLAS keeps it;
    /// the engine's own loops (``concurrently(_:_:)``) use as many.
    public static var threadCount: Int {
        get { Int(openblas_get_num_threads()) }
        set {
            precondition(newValue > 0, "a thread count of \(newValue)")
            openblas_set_num_threads(Int32(clamping: newValue))
        }
    }
}
