/// Unicode general categories as bits, so that a set of categories is one integer.
///
/// The `tokenizers` library matches patterns by Unicode 16.0. Newer Swift runtimes know later versions; what those
/// added counts as unassigned here, as it does there.
struct GeneralCategories: OptionSet, Sendable {
    let rawValue: UInt32

    static let patternVersion = (major: 16, minor: 0)

    init(rawValue: UInt32) { self.rawValue = rawValue }

    private init(_ bits: UInt32...) { rawValue = bits.reduce(0) { $0 | 1 << $1 } }

    /// By the names that patterns use: `Lu`, or `L` for all that begin so.
    static let byName: [String: GeneralCategories] = [
        "Lu": .init(0), "Ll": .init(1), "Lt": .init(2), "Lm": .init(3), "Lo": .init(4), "L": .letters,
        "Mn": .init(5), "Mc": .init(6), "Me": .init(7), "M": .marks,
        "Nd": .decimalDigits, "Nl": .init(9), "No": .init(10), "N": .init(8, 9, 10),
        "Pc": .connectors, "Pd": .init(12), "Ps": .init(13), "Pe": .init(14), "Pi": .init(15), "Pf": .init(16),
        "Po": .init(17), "P": .init(11, 12, 13, 14, 15, 16, 17),
        "Sm": .init(18), "Sc": .init(19), "Sk": .init(20), "So": .init(21), "S": .init(18, 19, 20, 21),
        "Zs": .init(22), "Zl": .init(23), "Zp": .init(24), "Z": .init(22, 23, 24),
        "Cc": .init(25), "Cf": .init(26), "Cs": .init(27), "Co": .init(28), "Cn": .unassigned,
        "C": .init(25, 26, 27, 28, 29),
    ]
    static let letters = GeneralCategories(0, 1, 2, 3, 4)
    static let caseDependent = GeneralCategories(0, 1, 2)
    static let marks = GeneralCategories(5, 6, 7)
    static let decimalDigits = GeneralCategories(8)
    static let connectors = GeneralCategories(11)
    static let unassigned = GeneralCategories(29)

    /// The one category that `scalar` has.
    init(of scalar: Unicode.Scalar) {
        let properties = scalar.properties
        if let age = properties.age, (age.major, age.minor) > Self.patternVersion {
            self = .unassigned
            return
        }
        switch properties.generalCategory {
        case .uppercaseLetter: self.init(0)
        case .lowercaseLetter: self.init(1)
        case .titlecaseLetter: self.init(2)
        case .modifierLetter: self.init(3)
        case .otherLetter: self.init(4)
        case .nonspacingMark: self.init(5)
        case .spacingMark: self.init(6)
        case .enclosingMark: self.init(7)
        case .decimalNumber: self.init(8)
        case .letterNumber: self.init(9)
        case .otherNumber: self.init(10)
        case .connectorPunctuation: self.init(11)
        case .dashPunctuation: self.init(12)
        case .openPunctuation: self.init(13)
        case .closePunctuation: self.init(14)
        case .initialPunctuation: self.init(15)
        case .finalPunctuation: self.init(16)
        case .otherPunctuation: self.init(17)
        case .mathSymbol: self.init(18)
        case .currencySymbol: self.init(19)
        case .modifierSymbol: self.init(20)
        case .otherSymbol: self.init(21)
        case .spaceSeparator: self.init(22)
        case .lineSeparator: self.init(23)
        case .paragraphSeparator: self.init(24)
        case .control: self.init(25)
        case .format: self.init(26)
        case .surrogate: self.init(27)
        case .privateUse: self.init(28)
        case .unassigned: self = .unassigned
        @unknown default: self = .unassigned
        }
    }

    /// Asking the Swift runtime costs tens of nanoseconds; the basic multilingual plane is asked once.
    private static let basicPlane: [GeneralCategories] = (0..<UInt32(0x10000)).map { code in
        Unicode.Scalar(code).map { GeneralCategories(of: $0) } ?? .init(27)
    }

    static func category(of code: UInt32) -> GeneralCategories {
        if code < 0x10000 { return basicPlane[Int(code)] }
        return Unicode.Scalar(code).map { GeneralCategories(of: $0) } ?? .unassigned
    }
}
