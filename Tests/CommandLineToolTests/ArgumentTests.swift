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

    @Test func numbersAsAPersonReadsThem() {
        #expect(percent(0.012345) == "1.23 %")
        #expect(percent(0) == "0 %")
        #expect(percent(1.5) == "150 %")
        #expect(significant(3.14159, 3) == "3.14")
        #expect(significant(16, 3) == "16")
        #expect(significant(0.000012345, 3) == "1.23e-05")
    }

    @Test(arguments: [
        (0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (61, "1 min 1 s"), (3599, "59 min 59 s"),
        (3600, "1 h 0 min"), (7325, "2 h 2 min"),
    ])
    func durations(_ seconds: Double, _ text: String) { #expect(duration(seconds) == text) }
}
