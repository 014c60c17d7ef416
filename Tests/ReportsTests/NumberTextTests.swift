import AdaDimReports
import Testing

@Suite struct NumberTextTests {
    @Test func numbersAsAPersonReadsThem() {
        #expect(percent(0.012345) == "1.23 %")
        #expect(percent(0) == "0 %")
        #expect(percent(1.5) == "150 %")
        #expect(significant(3.14159, 3) == "3.14")
        #expect(significant(16, 3) == "16")
        #expect(significant(0.000012345, 3) == "1.23e-05")
        #expect(
            significant(3352.7) == "3350" && significant(-999.7) == "-1000" && significant(1_234_567.8) == "1230000")
        #expect(significant(12_345_678) == "1.23e+07" && significant(.infinity) == "inf")
    }

    @Test(arguments: [
        (0, "0 s"), (0.4, "0.4 s"), (0.4321, "0.43 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.4, "59 s"),
        (59.6, "1 min 0 s"), (61, "1 min 1 s"), (3599, "59 min 59 s"), (3600, "1 h 0 min"), (7325, "2 h 2 min"),
    ])
    func durations(_ seconds: Double, _ text: String) { #expect(duration(seconds) == text) }
}
