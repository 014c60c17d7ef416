/// The arithmetic of a case.
package enum Arithmetic: String, Sendable, Codable {
    case float, double

    /// Distance from one to the next number: twice the largest relative error of a rounding.
    package var epsilon: Double { self == .float ? Double(Float.ulpOfOne) : Double.ulpOfOne }
}
