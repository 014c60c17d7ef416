import AdaDimCheckpoint
import AdaDimDecoder
import AdaDimPipeline
import Foundation
import Testing

@Suite struct BlockReaderTests {
    private func model(_ directory: URL) throws -> DecoderModel {
        try DecoderModel(try Checkpoint(directory: directory))
    }

    @Test func blocksComeInTurn() throws {
        let scratch = try Scratch()
        let model = try model(try scratch.copyOfModel("qwen3"))
        let reader = BlockReader(model, end: 2)
        // Twice: a block that was not read ahead is read when it is asked for.
        for index in [0, 1, 0, 1] {
            let (block, expected) = (try reader.block(index), try model.block(index))
            #expect(block.index == index)
            for role in LinearRole.allCases { #expect(block.weight(role) == expected.weight(role), "\(role)") }
        }
    }

    /// Block 0 comes although block 1, read behind it, is broken; block 1 tells, however often it is asked for.
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
        #expect(try reader.block(0).weight(.output) == model.block(0).weight(.output))
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
        for role in LinearRole.allCases { #expect(kept?.weight(role) == expected.weight(role)) }
    }
}
