import AdaDimLinearAlgebra
import Foundation
import Synchronization
import Testing

@Suite struct SystemThreadsTests {
    @Test func aThreadRunsWhatItIsGiven() {
        let done = DispatchSemaphore(value: 0)
        #expect(SystemThreads.start { done.signal() })
        #expect(done.wait(timeout: .now() + 60) == .success)
    }

    /// Those that are counted are gone afterwards.
    @Test func threadsAreCounted() throws {
        let before = try threads()
        #expect(SystemThreads.available(upTo: 5) == 5)
        #expect(SystemThreads.available(upTo: 0) == 0)
        let end = ContinuousClock.now.advanced(by: .seconds(60))
        while try threads() > before && ContinuousClock.now < end { usleep(1000) }
        #expect(try threads() <= before)
    }

    private func threads() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count
    }

    /// Every job once, on as many threads as there are, from several callers and inside jobs.
    @Test func everyJobOnce() {
        let before = BLASLibrary.threadCount
        defer { BLASLibrary.threadCount = before }
        BLASLibrary.threadCount = 2
        let sums = Guarded([0, 0, 0, 0])
        let callers = DispatchGroup()
        for index in 0..<4 {
            callers.enter()
            #expect(
                SystemThreads.start {
                    for _ in 0..<50 {
                        concurrently(100) { job in
                            concurrently(3) { _ in sums.withLock { $0[index] += job } }
                        }
                    }
                    callers.leave()
                })
        }
        callers.wait()
        for sum in sums.withLock({ $0 }) { #expect(sum == 50 * 3 * 4950) }
    }

    /// Jobs of one caller do run beside each other.
    @Test func jobsMeet() {
        let before = BLASLibrary.threadCount
        defer { BLASLibrary.threadCount = before }
        BLASLibrary.threadCount = 2
        let arrived = Atomic<Int>(0)
        concurrently(2) { _ in
            arrived.add(1, ordering: .relaxed)
            let end = ContinuousClock.now.advanced(by: .seconds(60))
            while arrived.load(ordering: .relaxed) < 2 && ContinuousClock.now < end { usleep(100) }
        }
        #expect(arrived.load(ordering: .relaxed) == 2)
    }
}
