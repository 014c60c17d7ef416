import AdaDimDecoder
import AdaDimLinearAlgebra
import Dispatch
import Synchronization

/// Reads the decoder blocks of a model in order, and the next one's weights while the current one is computed: at most
/// one block more than the current one is in memory.
package final class BlockReader: Sendable {
    private let read: @Sendable (Int) throws -> DecoderBlock
    private let end: Int
    private let start: Start
    private let next = Mutex<Reading?>(nil)

    /// Runs a body on another thread, or returns false where there is none.
    package typealias Start = @Sendable (_ body: @escaping @Sendable () -> Void) -> Bool

    /// A block on its way from the file.
    private final class Reading: Sendable {
        let index: Int
        private let result = Mutex<Result<DecoderBlock, any Error>?>(nil)
        private let group = DispatchGroup()

        /// nil where there is no thread to read on.
        init?(_ index: Int, _ start: Start, _ read: @escaping @Sendable (Int) throws -> DecoderBlock) {
            self.index = index
            group.enter()
            let isReading = start { [self] in
                let block = Result { try read(index) }
                result.withLock { $0 = block }
                group.leave()
            }
            guard isReading else {
                group.leave()
                return nil
            }
        }

        func block() throws -> DecoderBlock {
            group.wait()
            guard let result = result.withLock({ $0.take() }) else { preconditionFailure("block \(index) taken twice") }
            return try result.get()
        }
    }

    /// - Parameter end: the block after the last one that will be requested.
    package convenience init(_ model: DecoderModel, end: Int) {
        self.init(end: end) { try model.block($0) }
    }

    /// - Parameters:
    ///   - end: the block after the last one that will be requested.
    ///   - start: starts reading ahead; if it does not start, a block is read when it is requested.
    ///   - read: reads a block.
    package init(
        end: Int, startingBy start: @escaping Start = SystemThreads.start,
        read: @escaping @Sendable (Int) throws -> DecoderBlock
    ) {
        self.read = read
        self.end = end
        self.start = start
    }

    /// Block `index`; an error that reading it met comes up here, not before.
    package func block(_ index: Int) throws -> DecoderBlock {
        let reading = next.withLock { next in
            defer { next = nil }
            return next?.index == index ? next : nil
        }
        let block = try reading?.block() ?? read(index)
        if index + 1 < end { next.withLock { $0 = Reading(index + 1, start, read) } }
        return block
    }
}
