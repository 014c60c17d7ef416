extension Pattern {
    /// `{"Regex": "..."}` or `{"String": "..."}`.
    init(_ configuration: ConfigurationValue) throws(TokenizerError) {
        let members = try configuration.members()
        guard members.count == 1 else { throw configuration.malformed("expected one member, Regex or String") }
        if let expression = try configuration.optional("Regex") {
            let source = try expression.text().description
            do {
                try self.init(regularExpression: source)
            } catch {
                throw expression.unsupported("the pattern \"\(source)\": \(error.problem)")
            }
        } else if let literal = try configuration.optional("String") {
            do {
                try self.init(literal: try literal.text())
            } catch let error as PatternParser.Failure {
                throw literal.unsupported(error.problem)
            } catch let error as TokenizerError {
                throw error
            } catch {
                throw literal.malformed("\(error)")
            }
        } else {
            throw configuration.unsupported("the pattern kind \"\(members.keys.first?.description ?? "")\"")
        }
    }
}
