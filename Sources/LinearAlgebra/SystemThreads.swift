import Glibc

/// Threads as the system gives them, or does not: a user, a control group and an address space may each have so many.
/// libdispatch waits for ever for a thread that it cannot get, so the engine and the pipeline start their own.
package enum SystemThreads {
    /// Runs `body` on a thread of its own.
    /// - Returns: false if the system gives none; then `body` never runs.
    package static func start(_ body: @escaping @Sendable () -> Void) -> Bool {
        let box = Unmanaged.passRetained(Body(body))
        guard
            create(
                { context in
                    guard let context else { return nil }
                    Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                    return nil
                }, box.toOpaque())
        else {
            box.release()
            return false
        }
        return true
    }

    /// How many threads this process could start now, up to `count`. They are started, all of them, and end.
    package static func available(upTo count: Int) -> Int {
        guard count > 0 else { return 0 }
        let gate = Gate()
        let before = running
        var started = 0
        while started < count, start({ gate.pass() }) { started += 1 }
        gate.open()
        // The system counts a thread until it is gone, which is later than the end of its function.
        for _ in 0..<1000 {
            guard let before, let now = running, now > before else { break }
            usleep(100)
        }
        return started
    }

    /// Threads of this process; nil where the system does not report it.
    static var running: Int? {
        guard let directory = opendir("/proc/self/task") else { return nil }
        defer { closedir(directory) }
        var count = 0
        while let entry = readdir(directory) {
            // All but "." and "..".
            if entry.pointee.d_name.0 != 46 { count += 1 }
        }
        return count > 0 ? count : nil
    }

    /// Detached, with a stack that does not depend on `ulimit -s`. Signals go to the program's own threads, except
    /// those that a thread causes itself.
    private static func create(
        _ function: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer?,
        _ context: UnsafeMutableRawPointer
    ) -> Bool {
        var attributes = pthread_attr_t()
        guard pthread_attr_init(&attributes) == 0 else { return false }
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, 2 << 20)
        var (blocked, before) = (sigset_t(), sigset_t())
        sigfillset(&blocked)
        for signal in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS, SIGPROF] {
            sigdelset(&blocked, signal)
        }
        pthread_sigmask(SIG_BLOCK, &blocked, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        var thread = pthread_t()
        return pthread_create(&thread, &attributes, function, context) == 0
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Holds threads up until it is opened.
    private final class Gate: @unchecked Sendable {
        private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        private let opened = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
        private var isOpen = false

        init() {
            pthread_mutex_init(mutex, nil)
            pthread_cond_init(opened, nil)
        }

        deinit {
            pthread_mutex_destroy(mutex)
            pthread_cond_destroy(opened)
            mutex.deallocate()
            opened.deallocate()
        }

        func pass() {
            pthread_mutex_lock(mutex)
            while !isOpen { pthread_cond_wait(opened, mutex) }
            pthread_mutex_unlock(mutex)
        }

        func open() {
            pthread_mutex_lock(mutex)
            isOpen = true
            pthread_cond_broadcast(opened)
            pthread_mutex_unlock(mutex)
        }
    }
}
