import COpenBLAS
import Synchronization

/// The BLAS in use, as it describes itself, and its process-wide number of threads.
public enum BLASLibrary {
    /// The kernels that OpenBLAS chose for this CPU, such as "Haswell" or "SkylakeX".
    public static var coreName: String { String(cString: openblas_get_corename()) }

    /// OpenBLAS's description of its build: version, threading, kernels.
    public static var configuration: String { String(cString: openblas_get_config()) }

    /// The number of threads that products and factorizations use. One count for the process, as OpenBLAS keeps it;
    /// the engine's own loops (``concurrently(_:_:)``) use as many.
    public static var threadCount: Int {
        get { lending.withLock { $0.borrowers > 0 ? $0.threads : threadsOfProducts } }
        set {
            precondition(newValue > 0, "a thread count of \(newValue)")
            lending.withLock { state in
                if state.borrowers > 0 {
                    state.threads = newValue
                } else {
                    openblas_set_num_threads(Int32(clamping: newValue))
                }
            }
        }
    }

    /// Threads that a product started now would use: one while jobs hold the threads, ``threadCount`` otherwise.
    static var threadsOfProducts: Int { Int(openblas_get_num_threads()) }

    /// Jobs that hold the threads at this moment, and how many threads there are to give back.
    private static let lending = Mutex((borrowers: 0, threads: 1))

    /// Runs `body` with every product on the thread that calls it. Calls may overlap: the last to end gives the threads
    /// back to OpenBLAS.
    static func withOneThreadToAProduct<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure)
        -> Result
    {
        lending.withLock { state in
            if state.borrowers == 0 {
                state.threads = threadsOfProducts
                openblas_set_num_threads(1)
            }
            state.borrowers += 1
        }
        defer {
            lending.withLock { state in
                state.borrowers -= 1
                if state.borrowers == 0 { openblas_set_num_threads(Int32(clamping: state.threads)) }
            }
        }
        return try body()
    }
}
