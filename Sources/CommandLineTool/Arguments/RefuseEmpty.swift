import ArgumentParser

/// An empty path would name the current directory.
func refuseEmpty(_ path: String, _ argument: String, expected: String) throws(ValidationError) {
    guard !path.isEmpty else { throw ValidationError("\(argument) is empty, expected \(expected)") }
}

/// JSON allows such fields, but they are surely mistakes.
func refuseEmptyField(_ name: String?, _ option: String) throws(ValidationError) {
    if name == "" { throw ValidationError("\(option) is empty, expected a field's name") }
}
