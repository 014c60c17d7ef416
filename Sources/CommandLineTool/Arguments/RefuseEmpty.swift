import ArgumentParser

/// An empty path would name the current directory.
func refuseEmpty(_ path: String, _ argument: String, expected: String) throws(ValidationError) {
    guard !path.isEmpty else { throw ValidationError("\(argument) is empty, expected \(expected)") }
}

/// JSON has such fields, but nobody means one.
func refuseEmptyField(_ name: String?, _ option: String) throws(ValidationError) {
    if name == "" { throw ValidationError("\(option) is empty, expected a field's name") }
}
