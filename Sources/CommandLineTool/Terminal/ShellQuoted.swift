/// An argument as a shell takes it: in single quotes where it has anything but letters, digits and harmless signs.
func shellQuoted(_ argument: String) -> String {
    let harmless = argument.unicodeScalars.allSatisfy { scalar in
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "/", ".", "_", "-", "+", ",", ":", "=", "@", "%": true
        default: false
        }
    }
    if harmless && !argument.isEmpty && !argument.hasPrefix("-") { return argument }
    // A leading dash would be an option.
    let path = argument.hasPrefix("-") ? "./" + argument : argument
    let quoted = path.unicodeScalars.map { $0 == "'" ? "'\\''" : String($0) }.joined()
    return "'" + quoted + "'"
}
