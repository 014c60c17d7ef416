import AdaDimCommandLineTool
import Testing

@Suite struct ArgumentTests {
    @Test func groupSizes() throws {
        #expect(try GroupSizeArgument("64").weights == 64)
        #expect(try GroupSizeArgument("channel").weights == nil)
        #expect("\(try GroupSizeArgument("64")) \(try GroupSizeArgument("channel"))" == "64 channel")
        for argument in ["0", "-5", "", "row", "1.5", "99999999999999999999"] {
            let error = #expect(throws: (any Error).self) { try GroupSizeArgument(argument) }
            #expect("\(error.map { "\($0)" } ?? "")" == "expected a positive number of weights, or \"channel\"")
        }
    }

    @Test func globLists() throws {
        #expect(try GlobList("q_proj").globs == ["q_proj"])
        #expect(try GlobList("[qkv]_proj,model.layers.0.*").globs == ["[qkv]_proj", "model.layers.0.*"])
        for (list, place) in [(",a", "1 of 2"), ("a,", "2 of 2"), ("a,,b", "2 of 3"), ("", "1 of 1")] {
            let error = #expect(throws: (any Error).self) { try GlobList(list) }
            #expect(
                "\(error.map { "\($0)" } ?? "")" == "glob \(place) is empty, expected a name or a pattern", "\(list)")
        }
    }
}
