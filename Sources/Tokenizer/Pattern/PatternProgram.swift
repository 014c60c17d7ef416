/// A pattern compiled for a backtracking matcher.
struct PatternProgram: Sendable {
    enum Instruction: Sendable {
        case scalar(UInt32)
        /// Indices into `sets`.
        case set(Int)
        /// A set's scalars as many times as possible; given back one by one on failure unless `possessive`.
        case run(set: Int, minimum: Int, maximum: Int, possessive: Bool)
        /// Continue at `preferred`; on failure, at `otherwise`.
        case fork(preferred: Int, otherwise: Int)
        case jump(Int)
        /// The body follows and ends in `accept`; then continue at `end`.
        case atomic(end: Int)
        case lookahead(end: Int, negative: Bool)
        case lookbehind(end: Int, length: Int, negative: Bool)
        case assertion(PatternNode.Assertion)
        case accept
    }

    private(set) var instructions: [Instruction] = []
    private(set) var sets: [ScalarSet] = []

    /// Enough for any tokenizer's pattern; a{1000}{1000} is not one.
    static let maximumLength = 20_000

    init(_ node: PatternNode) throws(PatternParser.Failure) {
        try append(node)
        instructions.append(.accept)
    }

    private mutating func append(_ node: PatternNode) throws(PatternParser.Failure) {
        guard instructions.count < Self.maximumLength else {
            throw PatternParser.Failure(problem: "the pattern is too long")
        }
        switch node {
        case .scalar(let code): instructions.append(.scalar(code))
        case .set(let set):
            instructions.append(.set(sets.count))
            sets.append(set)
        case .sequence(let parts): for part in parts { try append(part) }
        case .alternatives(let parts): try append(alternatives: parts)
        case .repetition(let part, let minimum, let maximum, let greed):
            try append(repeated: part, minimum: minimum, maximum: maximum, greed)
        case .atomic(let part): try appendBody(part) { .atomic(end: $0) }
        case .lookahead(let part, let negative):
            try appendBody(part) { .lookahead(end: $0, negative: negative) }
        case .lookbehind(let part, let negative):
            let length = part.fixedLength ?? 0
            try appendBody(part) { .lookbehind(end: $0, length: length, negative: negative) }
        case .assertion(let assertion): instructions.append(.assertion(assertion))
        }
    }

    private mutating func appendBody(
        _ part: PatternNode, _ instruction: (Int) -> Instruction
    ) throws(PatternParser.Failure) {
        let start = instructions.count
        instructions.append(.accept)
        try append(part)
        instructions.append(.accept)
        instructions[start] = instruction(instructions.count)
    }

    private mutating func append(alternatives parts: [PatternNode]) throws(PatternParser.Failure) {
        var jumps: [Int] = []
        for (index, part) in parts.enumerated() {
            guard index < parts.count - 1 else {
                try append(part)
                break
            }
            let fork = instructions.count
            instructions.append(.accept)
            try append(part)
            jumps.append(instructions.count)
            instructions.append(.accept)
            instructions[fork] = .fork(preferred: fork + 1, otherwise: instructions.count)
        }
        for jump in jumps { instructions[jump] = .jump(instructions.count) }
    }

    private mutating func append(
        repeated part: PatternNode, minimum: Int, maximum: Int?, _ greed: PatternNode.Greed
    ) throws(PatternParser.Failure) {
        if greed == .possessive {
            if let set = Self.singleSet(part) {
                appendRun(set, minimum: minimum, maximum: maximum, possessive: true)
            } else {
                try append(.atomic(.repetition(part, minimum: minimum, maximum: maximum, .greedy)))
            }
            return
        }
        if greed == .greedy, let set = Self.singleSet(part) {
            appendRun(set, minimum: minimum, maximum: maximum, possessive: false)
            return
        }
        for _ in 0..<minimum { try append(part) }
        guard let maximum else {
            let fork = instructions.count
            instructions.append(.accept)
            try append(part)
            instructions.append(.jump(fork))
            setFork(fork, end: instructions.count, greed)
            return
        }
        var forks: [Int] = []
        for _ in minimum..<max(minimum, maximum) {
            forks.append(instructions.count)
            instructions.append(.accept)
            try append(part)
        }
        for fork in forks { setFork(fork, end: instructions.count, greed) }
    }

    private mutating func setFork(_ fork: Int, end: Int, _ greed: PatternNode.Greed) {
        instructions[fork] =
            greed == .lazy
            ? .fork(preferred: end, otherwise: fork + 1) : .fork(preferred: fork + 1, otherwise: end)
    }

    private mutating func appendRun(_ set: ScalarSet, minimum: Int, maximum: Int?, possessive: Bool) {
        instructions.append(
            .run(set: sets.count, minimum: minimum, maximum: maximum ?? .max, possessive: possessive))
        sets.append(set)
    }

    private static func singleSet(_ node: PatternNode) -> ScalarSet? {
        switch node {
        case .set(let set): set
        case .scalar(let code): ScalarSet(.range(code, code))
        default: nil
        }
    }
}
