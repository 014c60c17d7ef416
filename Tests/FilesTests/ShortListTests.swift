import AdaDimFiles
import Testing

/// The first few names, and how many more there are.
@Suite("Lists of names")
struct ShortListTests {
    @Test func oneName() {
        #expect(shortList(["q_proj"]) == "q_proj")
        #expect(shortList(["q_proj", "k_proj"]) == "q_proj and 1 more")
        #expect(shortList(["q_proj", "k_proj", "v_proj"]) == "q_proj and 2 more")
        #expect(shortList([String]()) == "")
    }

    @Test func severalNames() {
        let names = ["a", "b", "c", "d"]
        #expect(shortList(names, most: 3) == "a, b, c and 1 more")
        #expect(shortList(names, most: 4) == "a, b, c, d")
        #expect(shortList(names, most: 5) == "a, b, c, d")
        #expect(shortList(names.dropFirst(2), most: 1) == "c and 1 more")
    }
}
