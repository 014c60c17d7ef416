extension PatternParser {
    /// `(?i)` and its like apply to the rest of the enclosing group, alternatives included: `a(?i)b|c` is
    /// `a(?i:b|c)`. Nil, with nothing taken, for any other group.
    mutating func optionsToGroupEnd(depth: Int) throws(Failure) -> PatternNode? {
        let start = position
        guard take("(?"), let changed = try optionLetters(), take(")") else {
            position = start
            return nil
        }
        let outer = options
        defer { options = outer }
        options = changed
        return try alternatives(depth: depth + 1)
    }

    mutating func group(depth: Int) throws(Failure) -> PatternNode {
        let node: PatternNode
        if take("(?:") {
            node = try alternatives(depth: depth + 1)
        } else if take("(?>") {
            node = .atomic(try alternatives(depth: depth + 1))
        } else if take("(?=") {
            node = .lookahead(try alternatives(depth: depth + 1), negative: false)
        } else if take("(?!") {
            node = .lookahead(try alternatives(depth: depth + 1), negative: true)
        } else if take("(?<=") {
            node = .lookbehind(try lookbehindBody(depth: depth), negative: false)
        } else if take("(?<!") {
            node = .lookbehind(try lookbehindBody(depth: depth), negative: true)
        } else if take("(?") {
            let outer = options
            defer { options = outer }
            guard let changed = try optionLetters(), take(":") else {
                throw unsupported("the group (?\(next.map(String.init) ?? "")")
            }
            options = changed
            node = try alternatives(depth: depth + 1)
        } else {
            _ = take("(")
            node = try alternatives(depth: depth + 1)
        }
        guard take(")") else { throw Failure(problem: "a group is not closed") }
        return node
    }

    private mutating func lookbehindBody(depth: Int) throws(Failure) -> PatternNode {
        let body = try alternatives(depth: depth + 1)
        guard body.fixedLength != nil else { throw unsupported("a look-behind of varying length") }
        return body
    }

    /// `im-im`; nil for anything else.
    private mutating func optionLetters() throws(Failure) -> Options? {
        var changed = options
        var value = true
        var count = 0
        while let scalar = next {
            switch scalar {
            case "i": changed.ignoresCase = value
            case "m": changed.dotMatchesNewline = value
            case "-": value = false
            case "x", "s", "W", "D", "S", "P", "y": throw unsupported("the option (?\(scalar))")
            default: return count > 0 ? changed : nil
            }
            position += 1
            count += 1
        }
        return nil
    }
}
