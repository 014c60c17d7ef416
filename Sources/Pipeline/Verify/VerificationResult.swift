import AdaDimVerification

/// What a verification found.
package struct VerificationResult: Sendable, Encodable {
    /// The tensors of one kind: of layers with one role, of embeddings, of norms.
    package struct TensorKind: Sendable, Encodable {
        package let name: String
        package internal(set) var tensors = 0
        package internal(set) var packed = 0
        package internal(set) var numbers = 0
        package internal(set) var reader = Difference()
        package internal(set) var other = Difference()

        init(_ name: String) { self.name = name }
    }

    /// The largest difference of two readings.
    package struct Difference: Sendable, Encodable {
        package internal(set) var largest = 0.0
        /// Tensor, row and column of it; nil where nothing differs.
        package internal(set) var place: String?
        /// Numbers that differ.
        package internal(set) var count = 0
    }

    /// Of the directory, by its second reader.
    package let format: String
    /// Whether it was compared with another directory.
    package let comparesOther: Bool
    package internal(set) var kinds: [TensorKind] = []
    /// Tensors whose numbers were rounded for the comparison, because one side has a type with fewer bits.
    package internal(set) var roundedTensors = 0
    /// Tensors that are not everywhere, a sentence each.
    package internal(set) var missing: [String] = []

    init(format: String, comparesOther: Bool) {
        self.format = format
        self.comparesOther = comparesOther
    }

    /// Whether every number was found and is the same.
    package var isEqual: Bool {
        missing.isEmpty && !kinds.isEmpty && kinds.allSatisfy { $0.reader.count == 0 && $0.other.count == 0 }
    }

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
        var sides:
            [(key: WritableKeyPath<TensorKind, Difference>, type: NumberType, rows: (Range<Int>) throws -> [Float])] =
                []
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
        let panel = max(1, (1 << 20) / max(found.columns, 1))
        for start in stride(from: 0, to: found.rows, by: panel) {
            let rows = start..<min(start + panel, found.rows)
            let exact = try values(rows)
            kinds[index].numbers += exact.count
            for (key, sideType, panelRows) in sides {
                // Both are rounded to the type with fewer bits.
                let coarser = sideType.precision < type.precision ? sideType : type
                let numbers = try panelRows(rows)
                guard numbers.count == exact.count else {
                    missing.append("\(name): \(numbers.count) numbers, expected \(exact.count)")
                    continue
                }
                for place in exact.indices {
                    let (one, two) = (
                        coarser.rounded(type.rounded(exact[place])), coarser.rounded(Double(numbers[place]))
                    )
                    guard one != two, !(one.isNaN && two.isNaN) else { continue }
                    kinds[index][keyPath: key].add(
                        abs(one - two), at: "\(name) [\(start + place / found.columns), \(place % found.columns)]")
                }
            }
        }
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

extension VerificationResult.Difference {
    mutating func add(_ difference: Double, at place: String) {
        count += 1
        // NaN or infinity on one side is the largest difference; JSON has neither.
        let size = difference.isFinite ? difference : .greatestFiniteMagnitude
        if size > largest || self.place == nil { (largest, self.place) = (size, place) }
    }
}
