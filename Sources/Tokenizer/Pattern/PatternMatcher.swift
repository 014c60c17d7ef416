/// Runs a pattern at a place of a text, trying alternatives in order and retracing its steps on failure.
package struct PatternMatcher {
    package struct TooManySteps: Error {}

    /// Where to continue after a failure.
    private struct Retreat {
        var instruction: Int
        var position: Int
        /// For a run of one set: it may shrink down to here, a scalar at a time. -1 for all others.
        var floor: Int
    }

    private let program: PatternProgram
    private var retreats: [Retreat] = []
    private var steps = 0
    private var stepLimit = 0

    init(_ program: PatternProgram) { self.program = program }

    /// The end of the match that begins at `start`, if there is one.
    ///
    /// `bounds` is all that the pattern sees of the text, which is valid UTF-8.
    mutating func end(
        from start: Int, in text: [UInt8], bounds: Range<Int>
    ) throws(TooManySteps) -> Int? {
        steps = 0
        // Some patterns take exponential time. Oniguruma, too, gives up after ten million retries.
        stepLimit = 10_000_000 + 100 * bounds.count
        retreats.removeAll(keepingCapacity: true)
        return try run(0, start, text, bounds)
    }

    private mutating func run(
        _ entry: Int, _ start: Int, _ text: [UInt8], _ bounds: Range<Int>
    ) throws(TooManySteps) -> Int? {
        let base = retreats.count
        var instruction = entry
        var position = start
        while true {
            steps += 1
            if steps > stepLimit { throw TooManySteps() }
            var failed = false
            switch program.instructions[instruction] {
            case .accept:
                retreats.removeLast(retreats.count - base)
                return position
            case .scalar(let code):
                if position < bounds.upperBound {
                    let (found, length) = text.scalar(at: position)
                    failed = found != code
                    position += length
                } else {
                    failed = true
                }
                instruction += 1
            case .set(let index):
                if position < bounds.upperBound {
                    let length = match(index, text, position)
                    failed = length == 0
                    position += length
                } else {
                    failed = true
                }
                instruction += 1
            case .run(let index, let minimum, let maximum, let possessive):
                var count = 0
                var floor = position
                while count < maximum, position < bounds.upperBound {
                    let length = match(index, text, position)
                    if length == 0 { break }
                    position += length
                    count += 1
                    if count == minimum { floor = position }
                }
                failed = count < minimum
                instruction += 1
                if !failed, !possessive, position > floor {
                    retreats.append(Retreat(instruction: instruction, position: position, floor: floor))
                }
            case .fork(let preferred, let otherwise):
                retreats.append(Retreat(instruction: otherwise, position: position, floor: -1))
                instruction = preferred
            case .jump(let target): instruction = target
            case .atomic(let end):
                if let stop = try run(instruction + 1, position, text, bounds) {
                    position = stop
                    instruction = end
                } else {
                    failed = true
                }
            case .lookahead(let end, let negative):
                let found = try run(instruction + 1, position, text, bounds) != nil
                failed = found == negative
                instruction = end
            case .lookbehind(let end, let length, let negative):
                var found = false
                if let before = Self.position(length, before: position, text, bounds.lowerBound) {
                    found = try run(instruction + 1, before, text, bounds) != nil
                }
                failed = found == negative
                instruction = end
            case .assertion(let assertion):
                failed = !Self.holds(assertion, position, text, bounds)
                instruction += 1
            }
            guard failed else { continue }
            guard retreats.count > base else { return nil }
            let last = retreats.count - 1
            instruction = retreats[last].instruction
            position = retreats[last].position
            if retreats[last].floor >= 0 {
                position = text.startOfScalar(before: position)
                if position > retreats[last].floor {
                    retreats[last].position = position
                    continue
                }
            }
            retreats.removeLast()
        }
    }

    /// The length in bytes of the scalar at `position` if the set contains it, else 0.
    @inline(__always)
    private func match(_ index: Int, _ text: [UInt8], _ position: Int) -> Int {
        let byte = text[position]
        if byte < 0x80 { return program.sets[index].containsASCII(byte) ? 1 : 0 }
        let (code, length) = text.scalar(at: position)
        return program.sets[index].contains(code) ? length : 0
    }

    private static func position(_ count: Int, before position: Int, _ text: [UInt8], _ lower: Int) -> Int? {
        var position = position
        for _ in 0..<count {
            guard position > lower else { return nil }
            position = text.startOfScalar(before: position)
        }
        return position
    }

    private static func holds(
        _ assertion: PatternNode.Assertion, _ position: Int, _ text: [UInt8], _ bounds: Range<Int>
    ) -> Bool {
        let newline: UInt8 = 0x0A
        switch assertion {
        case .textStart: return position == bounds.lowerBound
        case .textEnd: return position == bounds.upperBound
        case .lineStart:
            // A newline at the text's end begins no line.
            return position == bounds.lowerBound
                || (position < bounds.upperBound && text[position - 1] == newline)
        case .lineEnd: return position == bounds.upperBound || text[position] == newline
        case .lastLineEnd:
            return position == bounds.upperBound
                || (position == bounds.upperBound - 1 && text[position] == newline)
        case .wordBoundary: return isWordBoundary(position, text, bounds)
        case .noWordBoundary: return !isWordBoundary(position, text, bounds)
        }
    }

    private static func isWordBoundary(_ position: Int, _ text: [UInt8], _ bounds: Range<Int>) -> Bool {
        let after = position < bounds.upperBound && ScalarSet.isBoundaryWord(text.scalar(at: position).0)
        guard let previous = Self.position(1, before: position, text, bounds.lowerBound) else { return after }
        return ScalarSet.isBoundaryWord(text.scalar(at: previous).0) != after
    }
}
