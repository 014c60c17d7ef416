extension PatternParser {
    enum Escape {
        case scalar(Unicode.Scalar)
        case set(ScalarSet.Expression)
    }

    /// What follows a backslash, inside or outside of a class.
    mutating func escape() throws(Failure) -> Escape {
        guard let scalar = next else { throw Failure(problem: "the pattern ends after a backslash") }
        position += 1
        switch scalar {
        case "t": return .scalar("\u{09}")
        case "n": return .scalar("\u{0A}")
        case "v": return .scalar("\u{0B}")
        case "f": return .scalar("\u{0C}")
        case "r": return .scalar("\u{0D}")
        case "a": return .scalar("\u{07}")
        case "e": return .scalar("\u{1B}")
        case "s": return .set(.whitespace)
        case "S": return .set(.complement(.whitespace))
        case "d": return .set(.categories(.decimalDigits))
        case "D": return .set(.complement(.categories(.decimalDigits)))
        case "w": return .set(.word)
        case "W": return .set(.complement(.word))
        case "h": return .set(Self.hexadecimalDigits)
        case "H": return .set(.complement(Self.hexadecimalDigits))
        case "p": return .set(try property(negative: false))
        case "P": return .set(try property(negative: true))
        case "x":
            if take("{") { return .scalar(try code(digits: nil)) }
            let literal = try code(digits: 2)
            // Above 0x7F, \xHH is a byte of UTF-8, not a scalar.
            guard literal.isASCII else { throw unsupported("a byte above \\x7F") }
            return .scalar(literal)
        case "u": return .scalar(try code(digits: 4))
        default:
            let isAlphanumeric = scalar.properties.isAlphabetic || scalar.properties.numericType != nil
            guard !isAlphanumeric else { throw unsupported("the escape \\\(scalar)") }
            return .scalar(scalar)
        }
    }

    private static let hexadecimalDigits = ScalarSet.Expression.union([
        .range(0x30, 0x39), .range(0x41, 0x46), .range(0x61, 0x66),
    ])

    private mutating func property(negative: Bool) throws(Failure) -> ScalarSet.Expression {
        guard take("{"), let close = scalars[position...].firstIndex(of: "}") else {
            throw unsupported("\\p without braces")
        }
        let inverted = take("^")
        let name = String(String.UnicodeScalarView(scalars[position..<close]))
        position = close + 1
        guard let categories = GeneralCategories.byName[name] else { throw unsupported("the property \\p{\(name)}") }
        return negative != inverted ? .complement(.categories(categories)) : .categories(categories)
    }

    /// A scalar by its hexadecimal code: of that many digits, or up to a closing brace.
    private mutating func code(digits: Int?) throws(Failure) -> Unicode.Scalar {
        let start = position
        while let scalar = next, scalar.isASCII, Character(scalar).isHexDigit, position - start < digits ?? 8 {
            position += 1
        }
        let text = String(String.UnicodeScalarView(scalars[start..<position]))
        guard digits == nil || position - start == digits, digits != nil || take("}"),
            let scalar = UInt32(text, radix: 16).flatMap(Unicode.Scalar.init)
        else { throw Failure(problem: "an escape that names no character") }
        return scalar
    }

    /// The class whose opening bracket has just been taken.
    mutating func characterClass(depth: Int) throws(Failure) -> ScalarSet.Expression {
        guard depth < Self.maximumDepth else { throw Failure(problem: "classes nested too deeply") }
        let negative = take("^")
        var intersection: [ScalarSet.Expression] = []
        var items: [ScalarSet.Expression] = []
        var isFirst = true
        while !take("]") || isFirst {
            if isFirst, position > 0, scalars[position - 1] == "]" {
                // A bracket that would close an empty class is a member of it.
                isFirst = false
                items.append(.range(0x5D, 0x5D))
                continue
            }
            isFirst = false
            if take("&&") {
                intersection.append(.union(items))
                items = []
            } else if take("[:") {
                throw unsupported("a POSIX bracket")
            } else if take("[") {
                items.append(try characterClass(depth: depth + 1))
            } else {
                items.append(try classItem())
            }
        }
        intersection.append(.union(items))
        let inside: ScalarSet.Expression =
            intersection.count == 1 ? (items.count == 1 ? items[0] : .union(items)) : .intersection(intersection)
        return negative ? .complement(inside) : inside
    }

    private mutating func classMember() throws(Failure) -> Escape {
        guard let scalar = next else { throw Failure(problem: "a class is not closed") }
        position += 1
        guard scalar == "\\" else { return .scalar(scalar) }
        if take("b") { return .scalar("\u{08}") }
        return try escape()
    }

    private mutating func classItem() throws(Failure) -> ScalarSet.Expression {
        switch try classMember() {
        case .set(let expression): return try folded(expression)
        case .scalar(let first):
            guard next == "-", position + 1 < scalars.count, scalars[position + 1] != "]" else {
                return try folded(.range(first.value, first.value))
            }
            position += 1
            if next == "[" || next == "&" { throw unsupported("a '-' before '[' or '&' in a class") }
            guard case .scalar(let last) = try classMember() else {
                throw Failure(problem: "a range in a class ends in a set")
            }
            guard first.value <= last.value else { throw Failure(problem: "a range in a class is reversed") }
            return try folded(.range(first.value, last.value))
        }
    }

    /// The expression with what it also matches where case is ignored.
    func folded(_ expression: ScalarSet.Expression) throws(Failure) -> ScalarSet.Expression {
        guard options.ignoresCase else { return expression }
        switch expression {
        case .range(let first, let last):
            guard last < 0x80 else {
                for code in max(first, 0x80)...last {
                    if let scalar = Unicode.Scalar(code), Self.isCased(scalar) {
                        throw unsupported("a case-insensitive letter beyond ASCII")
                    }
                }
                return first < 0x80 ? .union([expression, try folded(.range(first, 0x7F))]) : expression
            }
            var parts = [expression]
            for code in first...last {
                switch code {
                case 0x41...0x5A, 0x61...0x7A: parts.append(.range(code ^ 0x20, code ^ 0x20))
                default: continue
                }
                // The Kelvin sign and the long s fold to ASCII letters.
                if code | 0x20 == 0x6B { parts.append(.range(0x212A, 0x212A)) }
                if code | 0x20 == 0x73 { parts.append(.range(0x17F, 0x17F)) }
            }
            return parts.count == 1 ? expression : .union(parts)
        case .categories(let categories):
            guard categories.isDisjoint(with: .caseDependent) || categories.isSuperset(of: .caseDependent) else {
                throw unsupported("a case-insensitive property of one case")
            }
            return expression
        case .complement(let part): return .complement(try folded(part))
        case .whitespace, .word: return expression
        case .union, .intersection: return expression
        }
    }

    private static func isCased(_ scalar: Unicode.Scalar) -> Bool {
        let properties = scalar.properties
        return properties.isCased || properties.changesWhenCaseFolded || properties.changesWhenCaseMapped
    }
}
