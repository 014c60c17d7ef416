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
    /// Tensors with NaN or infinity, a sentence each: equal ones are equal, but no other command reads them.
    package internal(set) var notFinite: [String] = []
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
}

extension VerificationResult.Difference {
    mutating func add(_ difference: Double, at place: String) {
        count += 1
        // NaN or infinity on one side is the largest difference; JSON has neither.
        let size = difference.isFinite ? difference : .greatestFiniteMagnitude
        if size > largest || self.place == nil { (largest, self.place) = (size, place) }
    }
}
