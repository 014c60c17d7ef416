import AdaDimLinearAlgebra
import Synchronization
import Testing

@Suite(.serialized) struct ConcurrentProductsTests {
    @Test func jobsCallProductsSideBySideAndTheThreadsComeBack() {
        let before = BLASLibrary.threadCount
        defer { BLASLibrary.threadCount = before }
        BLASLibrary.threadCount = 2
        let a = Matrix<Float>(rows: 64, columns: 64) { Float(($0 * 7 + $1 * 3) % 11 - 5) }
        let expected = a.multiplied(by: a)
        let wrong = Atomic<Int>(0)
        let counted = Atomic<Int>(0)
        concurrentlyCallingBLAS(40) { _ in
            if a.multiplied(by: a) != expected { wrong.add(1, ordering: .relaxed) }
            // A caller reads the count that it has set, whoever uses the threads.
            if BLASLibrary.threadCount == 2 { counted.add(1, ordering: .relaxed) }
            // A job's own loops stay on its thread and still run every index.
            concurrently(3) { _ in counted.add(1, ordering: .relaxed) }
        }
        #expect(wrong.load(ordering: .relaxed) == 0)
        #expect(counted.load(ordering: .relaxed) == 160)
        #expect(BLASLibrary.threadCount == 2)
    }

    @Test func aCountSetWhileJobsHoldTheThreadsHoldsAfterwards() {
        let before = BLASLibrary.threadCount
        defer { BLASLibrary.threadCount = before }
        BLASLibrary.threadCount = 2
        concurrentlyCallingBLAS(2) { if $0 == 0 { BLASLibrary.threadCount = 1 } }
        #expect(BLASLibrary.threadCount == 1)
    }

    @Test func itemsChangeInPlaceAndTheFirstFailureIsThrown() throws {
        struct Failure: Error, Equatable { let item: Int }
        var items = Array(0..<20)
        concurrentlyUpdating(&items, in: 5..<12) { $0 += 100 }
        #expect(items == Array(0..<5) + Array(105..<112) + Array(12..<20))
        items = Array(0..<20)
        #expect(throws: Failure(item: 7)) {
            try concurrentlyUpdating(&items, in: 0..<20) { (item) throws(Failure) in
                if item == 7 || item == 14 { throw Failure(item: item) }
                item = -1
            }
        }
        #expect(items[3] == -1 && items[19] == -1 && items[14] == 14)
        concurrentlyUpdating(&items, in: 4..<4) { $0 = 0 }
        #expect(!items.contains(0))
    }
}
