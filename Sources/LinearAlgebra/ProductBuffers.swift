import Glibc
import Synchronization

/// OpenBLAS maps a buffer for every thread that calls it, at the thread's first product, and tries again for ever where
/// there is no address space left (`ulimit -v`). So they are requested beforehand, where a failure can be reported.
package enum ProductBuffers {
    /// A buffer's bytes, rounded up: 32 MB to 128 MB in OpenBLAS's builds for x86-64 and AArch64.
    private static let bytes = 136 << 20
    /// For how many threads buffers are there.
    private static let reserved = Guarded(0)

    /// Makes OpenBLAS map buffers for as many threads as it has. Costs nothing unless the process's address space is
    /// limited. Callers on other threads need one more each, which is not reserved.
    /// - Throws: ``OutOfMemory`` if there is no room for them.
    package static func reserve() throws(OutOfMemory) {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0, limit.rlim_cur != rlim_t.max else {
            return
        }
        let threads = ThreadLending.shared.threadsHere
        try reserved.withLock { (reserved) throws(OutOfMemory) in
            guard threads > reserved else { return }
            // OpenBLAS's own threads, except the caller, keep one each; our parallel jobs need as many again.
            let buffers = 2 * threads - 1
            guard hasRoom(buffers) else { throw OutOfMemory(elements: buffers * bytes, elementBytes: 1) }
            map(threads)
            reserved = threads
        }
    }

    private static func hasRoom(_ buffers: Int) -> Bool {
        var mapped: [UnsafeMutableRawPointer] = []
        defer { for buffer in mapped { munmap(buffer, bytes) } }
        for _ in 0..<buffers {
            guard let buffer = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                buffer != MAP_FAILED
            else { return false }
            mapped.append(buffer)
        }
        return true
    }

    /// A product on all of OpenBLAS's threads, then one on each of `threads` threads of ours at the same time, as far
    /// as a thousandth of a second allows.
    private static func map(_ threads: Int) {
        let arrived = Atomic<Int>(0)
        let deadline = ContinuousClock.now.advanced(by: .milliseconds(1))
        let one = Matrix<Float>(rows: 64, columns: 64) { _, _ in 1 }
        var whole = Matrix<Float>(rows: 64, columns: 4096) { _, _ in 0 }
        let wide = Matrix<Float>(rows: 64, columns: 4096) { _, _ in 1 }
        whole.withMutableView { target in
            one.withView { one in wide.withView { gemm(1, one, .none, $0, .none, 0, target) } }
        }
        concurrentlyCallingBLAS(threads) { _ in
            arrived.add(1, ordering: .relaxed)
            while arrived.load(ordering: .relaxed) < threads && ContinuousClock.now < deadline { sched_yield() }
            var product = Matrix<Float>(rows: 64, columns: 64) { _, _ in 0 }
            product.withMutableView { target in one.withView { gemm(1, $0, .none, $0, .none, 0, target) } }
        }
    }
}
