import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import Foundation
import Testing

/// What follows from a two-level type, and what contradicts it.
@Suite struct TwoLevelOptionsTests {
    private func message(_ change: (inout QuantizationOptions) -> Void) -> String {
        do {
            try QuantizationOptions(.fast, change).validate()
            return "nothing was thrown"
        } catch {
            return "\(error)"
        }
    }

    @Test(arguments: TwoLevelType.allCases)
    func theTypeSetsWhatFollows(_ type: TwoLevelType) throws {
        let options = QuantizationOptions { $0.grid.twoLevel = type }
        #expect(options.grid.bits == type.bits)
        #expect(options.grid.groupSize == type.groupSize)
        #expect(options.grid.isSymmetric == !type.hasOffsets)
        try options.validate()
        let written = try JSONEncoder().encode(options)
        #expect(try JSONDecoder().decode(QuantizationOptions.self, from: written) == options)
        #expect(String(decoding: written, as: UTF8.self).contains("\"gridType\":\"\(type.rawValue)\""))
    }

    /// Reports of before had no type.
    @Test func gridsAreUniformWithoutAType() throws {
        let options = QuantizationOptions { $0.grid.bits = 3 }
        let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(options))
        var members = try #require(object as? [String: Any])
        #expect(members.removeValue(forKey: "gridType") as? String == "uniform")
        let read = try JSONDecoder().decode(
            QuantizationOptions.self, from: JSONSerialization.data(withJSONObject: members))
        #expect(read == options)
        members["gridType"] = "Q7_K"
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(
                QuantizationOptions.self, from: JSONSerialization.data(withJSONObject: members))
        }
    }

    @Test func contradictionsAreRefused() {
        #expect(
            message {
                $0.grid.twoLevel = .q3K
                $0.grid.bits = 4
            } == "bits is 4, expected 3, which follows from gridType Q3_K")
        #expect(
            message {
                $0.grid.twoLevel = .q4K
                $0.grid.groupSize = nil
            } == "groupSize is a whole channel, expected 32, which follows from gridType Q4_K")
        #expect(
            message {
                $0.grid.twoLevel = .q6K
                $0.grid.isSymmetric = false
            } == "symmetric is false, expected true, which follows from gridType Q6_K")
        #expect(
            message {
                $0.grid.twoLevel = .q2K
                $0.direction = .fixed(.perInputChannel)
            } == "dimension is per-ic, expected per-oc or adaptive, since gridType Q2_K has groups along rows")
    }

    @Test func rowsMustBeWholeSuperBlocks() throws {
        let layer = RandomLayer(out: 4, in: 300, seed: 1)
        let options = QuantizationOptions { $0.grid.twoLevel = .q5K }
        let expected = "the weight has 300 inputs, expected a multiple of 256, which gridType Q5_K needs"
        #expect {
            _ = try quantize(layer.weight, activations: layer.activations, options: options)
        } throws: { "\($0)" == expected }
        #expect {
            _ = try quantize(layer.weight, gram: layer.gram, options: options)
        } throws: { "\($0)" == expected }
        #expect {
            _ = try MemoryPlan(rows: 4, columns: 300, options: options)
        } throws: { "\($0)" == expected }
    }
}
