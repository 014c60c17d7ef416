extension PreTokenizer {
    init(_ configuration: ConfigurationValue) throws(TokenizerError) {
        let type = try configuration.typeName()
        switch type {
        case "Sequence":
            var parts: [PreTokenizer] = []
            for part in try configuration.required("pretokenizers").elements() {
                parts.append(try PreTokenizer(part))
            }
            self = .sequence(parts)
        case "Split":
            let pattern = try Pattern(try configuration.required("pattern"))
            let behavior = try configuration.required("behavior").choice(of: SplitBehavior.self)
            self = .split(pattern, behavior, invert: try configuration.required("invert").boolean())
        case "ByteLevel":
            // trim_offsets concerns the positions of tokens in the text, which are not needed here.
            let usesPattern = try configuration.optional("use_regex")?.boolean() ?? true
            let addPrefixSpace = try configuration.required("add_prefix_space").boolean()
            self = .byteLevel(addPrefixSpace: addPrefixSpace, usesPattern ? try Self.words(configuration) : nil)
        case "Digits": self = .digits(individual: try configuration.required("individual_digits").boolean())
        case "Metaspace": self = try Self.metaspace(configuration)
        case "Whitespace": self = .whitespace
        case "WhitespaceSplit": self = .whitespaceSplit
        default: throw configuration.unsupported("the pre-tokenizer \"\(type)\" is not supported")
        }
    }

    private static func words(_ configuration: ConfigurationValue) throws(TokenizerError) -> Pattern {
        do {
            return try Pattern(regularExpression: ByteAlphabet.pattern)
        } catch {
            throw configuration.unsupported(error.problem)
        }
    }

    private static func metaspace(_ configuration: ConfigurationValue) throws(TokenizerError) -> PreTokenizer {
        let replacement = try configuration.required("replacement")
        guard try replacement.text().description.unicodeScalars.count == 1 else {
            throw replacement.malformed("found \(replacement.value.summary), expected one character")
        }
        let scheme = try configuration.optional("prepend_scheme")?.choice(of: PrependScheme.self) ?? .always
        // Files of older versions say add_prefix_space instead of prepend_scheme.
        if try configuration.optional("add_prefix_space")?.boolean() == false, scheme != .never {
            throw configuration.malformed(
                "add_prefix_space is false, but prepend_scheme is \"\(scheme.rawValue)\" (the default is \"always\")")
        }
        let split = try configuration.optional("split")?.boolean() ?? true
        return .metaspace(replacement: try replacement.text(), scheme, split: split)
    }

    /// Whether some part asks where the whole input begins.
    var asksForBeginning: Bool {
        switch self {
        case .metaspace(_, .first, _): true
        case .sequence(let parts): parts.contains(where: \.asksForBeginning)
        default: false
        }
    }

    /// Whether a part that asks where the whole input begins may see several words that stem from the input's first
    /// character. (The library takes each of them for the beginning.)
    /// - Parameter isLengthened: whether the normalizer may have made several characters of one.
    func asksInsideFirstCharacter(isLengthened: Bool) -> Bool {
        var (isLengthened, isCut) = (isLengthened, false)
        for part in parts {
            if part.asksForBeginning && isLengthened && isCut { return true }
            switch part {
            case .split, .digits, .whitespace, .whitespaceSplit: isCut = true
            case .byteLevel(_, let pattern):
                isLengthened = true
                isCut = isCut || pattern != nil
            case .metaspace(_, _, let split):
                isLengthened = true
                isCut = isCut || split
            case .sequence: break
            }
        }
        return false
    }

    /// Those of a sequence, and of sequences in it, one after another.
    private var parts: [PreTokenizer] {
        if case .sequence(let parts) = self { parts.flatMap(\.parts) } else { [self] }
    }
}

extension ConfigurationValue {
    /// A string that is one of an enumeration's.
    func choice<Choice: RawRepresentable & CaseIterable>(
        of _: Choice.Type
    ) throws(TokenizerError) -> Choice where Choice.RawValue == String {
        let name = try text().description
        guard let choice = Choice(rawValue: name) else {
            let known = Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
            throw unsupported("found \"\(name)\", expected one of \(known)")
        }
        return choice
    }
}
