import AdaDimCheckpoint
import AdaDimDecoder
import AdaDimPipeline
import AdaDimTestSupport
import Dispatch
import Foundation
import Synchronization
import Testing

@Suite struct BlockReaderTests {
    private func model(_ directory: URL) throws -> DecoderModel {
        try DecoderModel(try Checkpoint(directory: directory))
    }

    @Test func blocksComeInTurn() throws {
        let scratch = try Scratch()
        let model = try model(try scratch.copyOfModel("qwen3"))
        let reader = BlockReader(model, end: 2)
        // Twice: a block that was not read ahead is read when it is requested.
        for index in [0, 1, 0, 1] {
            let (block, expected) = (try reader.block(index), try model.block(index))
            #expect(block.index == index)
            for layer in expected.stages.flatMap(\.layers) {
                #expect(block.weight(layer.name) == layer.weight, "\(layer.name)")
            }
        }
    }

    /// A reader, the queue that it reads ahead on, and the blocks that were read, in order.
    private struct Watched {
        let reader: BlockReader
        let queue = DispatchQueue(label: "blocks read ahead")
        private let log: Log

        private final class Log: Sendable {
            let indices = Mutex<[Int]>([])
        }

        /// - Parameter model: of two blocks; a third one would be the second once more.
        init(_ model: DecoderModel, end: Int) {
            let (log, queue) = (Log(), queue)
            self.log = log
            let start: BlockReader.Start = { body in
                queue.async(execute: body)
                return true
            }
            reader = BlockReader(end: end, startingBy: start) { index in
                log.indices.withLock { $0.append(index) }
                return try model.block(min(index, 1))
            }
        }

        var indices: [Int] { log.indices.withLock { $0 } }

        /// Returns when all that was to be read ahead by now has been.
        func finishReading() { queue.sync {} }
    }

    /// Handing out block 0 sets off the reading of block 1, which is read once; after the last one nothing is.
    @Test func theNextBlockIsReadBeforeItIsRequested() throws {
        let scratch = try Scratch()
        let watched = Watched(try model(try scratch.copyOfModel("qwen3")), end: 2)
        watched.queue.suspend()
        let first = Result { try watched.reader.block(0).index }
        // Nobody waited for block 1.
        #expect(watched.indices == [0])
        watched.queue.resume()
        #expect(try first.get() == 0)
        watched.finishReading()
        #expect(watched.indices == [0, 1])
        #expect(try watched.reader.block(1).index == 1)
        watched.finishReading()
        #expect(watched.indices == [0, 1])
    }

    @Test func nothingIsReadAfterTheEnd() throws {
        let scratch = try Scratch()
        let watched = Watched(try model(try scratch.copyOfModel("qwen3")), end: 1)
        #expect(try watched.reader.block(0).index == 0)
        watched.finishReading()
        #expect(watched.indices == [0])
    }

    /// A system that gives no thread costs time and nothing else.
    @Test func withoutAThreadBlocksAreReadWhenTheyAreAskedFor() throws {
        let scratch = try Scratch()
        let model = try model(try scratch.copyOfModel("qwen3"))
        let read = Mutex<[Int]>([])
        let none: BlockReader.Start = { _ in false }
        let reader = BlockReader(end: 2, startingBy: none) { index in
            read.withLock { $0.append(index) }
            return try model.block(index)
        }
        #expect(try reader.block(0).index == 0)
        #expect(read.withLock { $0 } == [0])
        #expect(try reader.block(1).weight("self_attn.q_proj") == model.block(1).weight("self_attn.q_proj"))
        #expect(read.withLock { $0 } == [0, 1])
    }

    /// Block 0 comes although block 1, read after it, is broken; block 1 gives its error each time it is requested.
    @Test func anErrorReadAheadComesUpInItsTurn() throws {
        let scratch = try Scratch()
        let directory = try scratch.copyOfModel("qwen2")
        let name = "model.layers.1.self_attn.o_proj.weight"
        let location = try Checkpoint(directory: directory).location(of: name)
        let width = location.entry.elementType.bitWidth / 8
        let handle = try FileHandle(forUpdating: URL(filePath: location.file.path))
        // The highest two bytes of the first element: a NaN in every float type of 16 or 32 bits.
        try handle.seek(toOffset: UInt64(location.entry.byteRange.lowerBound + width - 2))
        try handle.write(contentsOf: [0xff, 0x7f])
        try handle.close()

        let model = try model(directory)
        let reader = BlockReader(model, end: 2)
        #expect(try reader.block(0).weight("self_attn.o_proj") == model.block(0).weight("self_attn.o_proj"))
        for _ in 0..<2 {
            do {
                _ = try reader.block(1)
                Issue.record("block 1 was read")
            } catch CheckpointError.notFinite(let tensor, _, _, let index) {
                #expect(tensor == name && index == [0, 0])
            }
        }
        // Whoever does not ask for block 1 never hears of it.
        #expect(try BlockReader(model, end: 2).block(0).index == 0)
    }

    /// Whoever lets go of a reader waits for nothing: what is on its way is read and dropped, its file perhaps gone.
    @Test func anAbandonedReaderDoesNoHarm() throws {
        let scratch = try Scratch()
        let directory = try scratch.copyOfModel("llama")
        var kept: DecoderBlock?
        for _ in 0..<50 {
            let reader = BlockReader(try model(directory), end: 2)
            kept = try reader.block(0)
        }
        let expected = try model(directory).block(0)
        try FileManager.default.removeItem(at: directory)
        for layer in expected.stages.flatMap(\.layers) { #expect(kept?.weight(layer.name) == layer.weight) }
    }
}
