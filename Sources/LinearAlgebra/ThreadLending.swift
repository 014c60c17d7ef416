import AdaDimProgramStart
import COpenBLAS
import Glibc

/// OpenBLAS keeps one number of threads for the whole process, and jobs that call it side by side need that number to
/// be one. So its threads are used in two ways, one way at a time: by **whole products**, each on all of them, and by
/// **jobs**, whose products run each on its job's thread. Callers of one kind run at the same time; those of the other
/// kind wait, in order of arrival. A caller's results are the same, bit by bit, whatever other threads of the program
/// compute.
final class ThreadLending: @unchecked Sendable {
    static let shared = ThreadLending()

    private enum Use { case wholeProduct, jobs }

    // All below is guarded by the mutex.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var use = Use.wholeProduct
    private var users = 0
    private var tickets = (next: 0, serving: 0)
    /// The number of threads to give back, while jobs have them.
    private var lent: Int?
    /// Threads that OpenBLAS has, the caller's among them. It keeps what it has once started.
    private var started = 1
    /// Set on threads that run such a job; nil if the process has no such key left.
    private let isJob: pthread_key_t?

    private init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
        var key = pthread_key_t()
        isJob = pthread_key_create(&key, nil) == 0 ? key : nil
        let count = Int(openblas_get_num_threads())
        // Built for OpenMP, it starts its threads later, and the OpenMP library ends the process where there are too few.
        let isForPOSIXThreads = openblas_get_parallel() == 1
        lacksThreads = count > 1 && isForPOSIXThreads && adadim_threads_were_refused() != 0
        started = lacksThreads ? 1 : count
        if lacksThreads { openblas_set_num_threads(1) }
    }

    /// Whether OpenBLAS was given too few threads when it was loaded and went on, since SIGINT was ignored. It would wait for the
    /// missing ones for ever, so it computes with one.
    let lacksThreads: Bool

    /// Whether jobs can be distinguished from other callers. If not, nothing may be computed.
    var isUsable: Bool { isJob != nil }

    /// Threads that a product of this thread uses: one inside a job, else the process's count.
    var threadsHere: Int { isInsideJob ? 1 : threadCount }

    /// The process's count, whichever kind uses the threads now.
    var threadCount: Int {
        get { locked { lent ?? Int(openblas_get_num_threads()) } }
        set {
            // Waits until no jobs run; OpenBLAS limits the count to its build's, and reports the result afterwards.
            use(as: .wholeProduct) {
                locked {
                    let count = possible(newValue)
                    if lent == nil { openblas_set_num_threads(Int32(clamping: count)) } else { lent = count }
                    started = max(started, Int(openblas_get_num_threads()))
                }
            }
        }
    }

    /// The count nearest to one that is wished for, such that the system gives the threads: OpenBLAS does not notice when it
    /// gives none. Besides OpenBLAS's there are to be as many that help with jobs, and one to spare.
    private func possible(_ wished: Int) -> Int {
        // What OpenBLAS was refused it takes for running: it would start none of these again.
        if lacksThreads { return 1 }
        guard wished > started else { return wished }
        let wished = min(wished, Self.most)
        func needed(_ count: Int) -> Int {
            max(0, count - started) + max(0, count - 1 - WorkerThreads.shared.count) + 1
        }
        let available = SystemThreads.available(upTo: needed(wished))
        return (started..<max(wished, started + 1)).reversed().first { needed($0 + 1) <= available }.map { $0 + 1 }
            ?? started
    }

    /// More than OpenBLAS is built for anywhere.
    private static let most = 1024

    /// Runs a product.
    func wholeProduct<Result>(_ body: () -> Result) -> Result { use(as: .wholeProduct, body) }

    /// Runs jobs that call BLAS, each inside ``insideJob(_:)``.
    func jobs<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        try use(as: .jobs, body)
    }

    private func use<Result, Failure: Error>(
        as wanted: Use, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard !isInsideJob && enter(wanted) else { return try body() }
        defer { leave() }
        return try body()
    }

    /// Marks the calling thread as running a job while `body` runs.
    func insideJob<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        guard let isJob else { preconditionFailure("no thread-local storage is left in this process") }
        let outer = pthread_getspecific(isJob)
        pthread_setspecific(isJob, UnsafeRawPointer(mutex))
        defer { pthread_setspecific(isJob, outer) }
        return try body()
    }

    private var isInsideJob: Bool { isJob.map { pthread_getspecific($0) != nil } ?? false }

    /// Waits until the threads are free for this use.
    /// - Returns: whether ``leave()`` must follow. Not so with a single thread, where both uses are the same.
    private func enter(_ wanted: Use) -> Bool {
        locked {
            if lent == nil && openblas_get_num_threads() == 1 { return false }
            let ticket = tickets.next
            tickets.next += 1
            while tickets.serving != ticket || (users > 0 && use != wanted) { pthread_cond_wait(changed, mutex) }
            tickets.serving += 1
            use = wanted
            users += 1
            if users == 1 && wanted == .jobs {
                lent = Int(openblas_get_num_threads())
                openblas_set_num_threads(1)
            }
            pthread_cond_broadcast(changed)
            return true
        }
    }

    private func leave() {
        locked {
            users -= 1
            guard users == 0 else { return }
            // Unless somebody else has set a count of his own meanwhile.
            if let threads = lent, openblas_get_num_threads() == 1 {
                openblas_set_num_threads(Int32(clamping: threads))
            }
            lent = nil
            pthread_cond_broadcast(changed)
        }
    }

    private func locked<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }
}
