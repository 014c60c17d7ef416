import Synchronization

/// Runs `job(0)`, …, `job(count - 1)`, each once, on as many threads as BLAS has, or on fewer where the system gives
/// fewer; returns when all are done. Jobs are distributed in order, one at a time, so uneven ones balance. BLAS calls
/// do not belong inside a job: OpenBLAS threads its own products, and with several threads calls from many tasks queue;
/// ``concurrentlyCallingBLAS(_:workers:_:)`` is for such jobs.
/// - Parameter workers: jobs that run at the same time, at most; nil for as many as there are threads.
@usableFromInline
package func concurrently(_ count: Int, workers: Int? = nil, _ job: @Sendable (Int) -> Void) {
    let threads = ThreadLending.shared.threadsHere
    run(count, workers: min(count, workers ?? threads, threads), job)
}

/// As ``concurrently(_:workers:_:)``, for jobs that call BLAS: each product runs on its job's thread alone, so nothing
/// queues and no thread waits for the others within a product. A single job gets all threads instead.
/// - Parameter workers: jobs that run at the same time, at most; nil for as many as there are threads.
package func concurrentlyCallingBLAS(_ count: Int, workers: Int? = nil, _ job: @Sendable (Int) -> Void) {
    let lending = ThreadLending.shared
    let threads = lending.threadsHere
    let workers = min(count, workers ?? threads, threads)
    if workers > 1 {
        lending.jobs { run(count, workers: workers) { index in lending.insideJob { job(index) } } }
    } else {
        run(count, workers: 1, job)
    }
}

/// Runs `body` with every product on the calling thread, as a job would.
func onOneThread<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    let lending = ThreadLending.shared
    return try lending.jobs { () throws(Failure) in try lending.insideJob(body) }
}

/// Changes the items of a range in place by `body`, which may call BLAS, as ``concurrentlyCallingBLAS(_:workers:_:)``
/// runs its jobs.
/// - Throws: what `body` threw for the first of the items that failed; the others were changed.
package func concurrentlyUpdating<Item: Sendable, Failure: Error>(
    _ items: inout [Item], in range: Range<Int>, _ body: @Sendable (inout Item) throws(Failure) -> Void
) throws(Failure) {
    precondition(range.lowerBound >= 0 && range.upperBound <= items.count, "items \(range) of \(items.count)")
    let failures = Guarded<[(index: Int, error: Failure)]>([])
    items.withUnsafeMutableBufferPointer { buffer in
        // Each job has an element of its own.
        nonisolated(unsafe) let elements = buffer
        concurrentlyCallingBLAS(range.count) { job in
            let index = range.lowerBound + job
            do throws(Failure) {
                try body(&elements[index])
            } catch {
                failures.withLock { $0.append((index, error)) }
            }
        }
    }
    if let first = failures.withLock({ $0.min { $0.index < $1.index } }) { throw first.error }
}

private func run(_ count: Int, workers: Int, _ job: @Sendable (Int) -> Void) {
    guard workers > 1 else {
        for index in 0..<max(count, 0) { job(index) }
        return
    }
    let next = Atomic<Int>(0)
    WorkerThreads.shared.run(helpers: workers - 1) {
        while true {
            let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard index < count else { return }
            job(index)
        }
    }
}

/// Cuts `0..<count` into runs of `length` (the last one shorter) and runs `job` on each, as
/// ``concurrently(_:workers:_:)`` does.
@usableFromInline
package func concurrently(_ count: Int, by length: Int, _ job: @Sendable (Range<Int>) -> Void) {
    precondition(length > 0, "runs of length \(length)")
    concurrently((count + length - 1) / length) { run in
        job(run * length..<min(count, (run + 1) * length))
    }
}
