import Glibc

/// The threads that help a caller with its jobs. They are started when they are first needed and then wait for more. The
/// caller works as well, and needs none of them: where the system gives fewer threads, fewer help.
final class WorkerThreads: @unchecked Sendable {
    static let shared: WorkerThreads = {
        let threads = WorkerThreads()
        // A child of fork() has the memory of its parent and none of its threads.
        pthread_atfork(
            { WorkerThreads.shared.lock() }, { WorkerThreads.shared.unlock() },
            {
                WorkerThreads.shared.forgetAll()
                WorkerThreads.shared.unlock()
            })
        return threads
    }()

    /// Work that a caller shares.
    private final class Shared {
        let work: () -> Void
        /// How many threads may still join.
        var places: Int
        /// Threads inside `work`, but for the caller's.
        var helping = 0

        init(places: Int, _ work: @escaping () -> Void) {
            (self.places, self.work) = (places, work)
        }
    }

    // All below is guarded by the mutex.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let arrived = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let finished = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    /// In the order in which they came.
    private var waiting: [Shared] = []
    private var threads = 0
    private var idle = 0

    private init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(arrived, nil)
        pthread_cond_init(finished, nil)
    }

    /// Runs `work` on the calling thread and, as far as they are to be had, on `helpers` others at the same time; returns when
    /// all have returned.
    func run(helpers: Int, _ work: () -> Void) {
        withoutActuallyEscaping(work) { work in
            let shared = Shared(places: helpers, work)
            lock()
            start(upTo: helpers)
            waiting.append(shared)
            for _ in 0..<min(helpers, idle) { pthread_cond_signal(arrived) }
            unlock()
            work()
            lock()
            // What has not begun by now would find nothing to do.
            waiting.removeAll { $0 === shared }
            while shared.helping > 0 { pthread_cond_wait(finished, mutex) }
            unlock()
        }
    }

    /// Starts threads until there are `count`, or the system gives no more.
    /// - Returns: how many there are.
    func prepare(_ count: Int) -> Int {
        lock()
        defer { unlock() }
        start(upTo: count)
        return threads
    }

    /// How many have been started.
    var count: Int {
        lock()
        defer { unlock() }
        return threads
    }

    private func start(upTo count: Int) {
        while threads < count, SystemThreads.start({ WorkerThreads.shared.help() }) { threads += 1 }
    }

    /// What a thread does, for as long as the process lives.
    private func help() {
        lock()
        while true {
            guard let shared = waiting.first else {
                idle += 1
                pthread_cond_wait(arrived, mutex)
                idle -= 1
                continue
            }
            shared.places -= 1
            shared.helping += 1
            if shared.places == 0 { waiting.removeFirst() }
            unlock()
            shared.work()
            lock()
            shared.helping -= 1
            if shared.helping == 0 { pthread_cond_broadcast(finished) }
        }
    }

    private func forgetAll() {
        pthread_cond_init(arrived, nil)
        pthread_cond_init(finished, nil)
        (waiting, threads, idle) = ([], 0, 0)
    }

    private func lock() { pthread_mutex_lock(mutex) }
    private func unlock() { pthread_mutex_unlock(mutex) }
}
