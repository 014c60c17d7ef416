import AdaDimPipeline
import AdaDimReports
import TextTable

/// What a verification has found: a line for each kind of tensor, and a sentence.
struct VerificationText {
    let result: VerificationResult

    var text: String {
        let table = TextTable<VerificationResult.TensorKind> { kind in
            var columns = [
                Column(title: "tensors", value: kind.name),
                Column(title: "count", value: kind.tensors, align: .right),
                Column(title: "packed", value: kind.packed, align: .right),
                Column(title: "largest difference from the reader", value: Self.words(kind.reader), align: .right),
            ]
            if result.comparesOther {
                columns.append(Column(title: "from the other model", value: Self.words(kind.other), align: .right))
            }
            return columns
        }
        return ([table.string(for: result.kinds) ?? ""] + places + result.notFinite + result.missing + [summary])
            .joined(separator: "\n")
    }

    private static func words(_ difference: VerificationResult.Difference) -> String {
        difference.count == 0 ? "0" : significant(difference.largest, 3)
    }

    private var places: [String] {
        result.kinds.flatMap { kind in
            [(kind.reader, "the reader"), (kind.other, "the other model")].compactMap { difference, side in
                difference.place.map {
                    "\(kind.name): \(difference.count) numbers differ from those of \(side), most at \($0)"
                }
            }
        }
    }

    private var summary: String {
        let numbers = result.kinds.reduce(0) { $0 + $1.numbers }
        guard result.isEqual else { return "Not the same: \(result.format), read a second way" }
        return "All \(numbers) numbers are the same: \(result.format), read a second way"
            + (result.comparesOther ? ", and the other model" : "")
            + (result.roundedTensors == 0
                ? ""
                : "; those of \(result.roundedTensors) tensors after rounding to the type with fewer bits of the two")
    }
}
