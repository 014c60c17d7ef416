extension Normalizer {
    init(_ configuration: ConfigurationValue) throws(TokenizerError) {
        let type = try configuration.typeName()
        switch type {
        case "Sequence":
            var parts: [Normalizer] = []
            for part in try configuration.required("normalizers").elements() { parts.append(try Normalizer(part)) }
            self = .sequence(parts)
        case "Prepend": self = .prepend(try configuration.required("prepend").text())
        case "Replace":
            let pattern = try Pattern(try configuration.required("pattern"))
            self = .replace(pattern, try configuration.required("content").text())
        case "Lowercase": self = .lowercase
        case "Strip":
            let left = try configuration.required("strip_left").boolean()
            self = .strip(left: left, right: try configuration.required("strip_right").boolean())
        default:
            guard let form = UnicodeForm(rawValue: type) else {
                throw configuration.unsupported("the normalizer \"\(type)\" is not supported")
            }
            self = .unicode(form)
        }
    }
}
