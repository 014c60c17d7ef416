import AdaDimVerification

extension VerificationResult {
    private typealias Side = (
        key: WritableKeyPath<TensorKind, Difference>, type: NumberType, rows: (Range<Int>) throws -> [Float]
    )

    /// Compares the numbers of one tensor, some rows at a time.
    /// - Parameter values: exact numbers of rows, by the second path.
    mutating func compare(
        _ name: String, _ found: TensorDescription, _ read: ReadNumbers, _ other: ReadNumbers?,
        values: (Range<Int>) throws -> [Double]
    ) throws {
        guard let type = found.type else { return }
        let index = place(ofKind: Self.kind(of: name))
        kinds[index].tensors += 1
        kinds[index].packed += found.isPacked ? 1 : 0
        guard found.shape.count == 1 || found.shape.count == 2 else {
            missing.append("\(name): shape \(found.shape), of which no numbers are compared")
            return
        }
        let sides = try sides(name, found, type, read, other)
        func position(_ number: Int) -> String { "[\(number / found.columns), \(number % found.columns)]" }
        var strange: (count: Int, first: String, value: Double)?
        let panel = max(1, (1 << 20) / max(found.columns, 1))
        for start in stride(from: 0, to: found.rows, by: panel) {
            let rows = start..<min(start + panel, found.rows)
            let exact = try values(rows)
            kinds[index].numbers += exact.count
            for place in exact.indices where !exact[place].isFinite {
                let first = strange ?? (0, position(start * found.columns + place), exact[place])
                strange = (first.count + 1, first.first, first.value)
            }
            for (key, sideType, panelRows) in sides {
                let numbers = try panelRows(rows)
                guard numbers.count == exact.count else {
                    missing.append("\(name): \(numbers.count) numbers, expected \(exact.count)")
                    continue
                }
                // Both are rounded to the type with fewer bits.
                let coarser = sideType.precision < type.precision ? sideType : type
                for place in exact.indices {
                    let (one, two) = (exact[place], Double(numbers[place]))
                    // What is equal is so after any rounding.
                    guard one != two, !coarser.areSame(type.rounded(one), two) else { continue }
                    kinds[index][keyPath: key].add(
                        abs(coarser.rounded(type.rounded(one)) - coarser.rounded(two)),
                        at: "\(name) \(position(start * found.columns + place))")
                }
            }
        }
        if let (count, first, value) = strange {
            let others = count > 1 ? ", and \(count - 1) more numbers that are not finite" : ""
            notFinite.append("\(name): \(value.isNaN ? "NaN" : "\(value)") at \(first)\(others)")
        }
    }

    /// What a tensor's numbers are compared with; other shapes and types are noted.
    private mutating func sides(
        _ name: String, _ found: TensorDescription, _ type: NumberType, _ read: ReadNumbers, _ other: ReadNumbers?
    ) throws -> [Side] {
        var sides: [Side] = []
        for (key, side) in [(\TensorKind.reader, read), (\TensorKind.other, other)]
            as [(WritableKeyPath<TensorKind, Difference>, ReadNumbers?)]
        {
            guard let side else { continue }
            let tensor = try side.tensor(name)
            guard tensor.shape == found.shape, let sideType = tensor.type else {
                missing.append("\(name): shape \(tensor.shape), expected \(found.shape), or no floats")
                continue
            }
            sides.append((key, sideType, tensor.panels))
            if sideType.precision != type.precision { roundedTensors += 1 }
        }
        return sides
    }

    private mutating func place(ofKind name: String) -> Int {
        if let index = kinds.firstIndex(where: { $0.name == name }) { return index }
        kinds.append(TensorKind(name))
        return kinds.count - 1
    }

    /// The module's last name; for anything but a weight with what it is.
    private static func kind(of name: String) -> String {
        let parts = name.split(separator: ".").map(String.init)
        guard parts.count > 1, let last = parts.last else { return name }
        return last == "weight" ? parts[parts.count - 2] : "\(parts[parts.count - 2]) \(last)"
    }
}
