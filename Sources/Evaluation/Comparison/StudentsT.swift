import Foundation

/// Student's t distribution with whole degrees of freedom.
enum StudentsT {
    /// P(|T| ≤ t), by the finite sums over θ = atan(t/√degrees) of Abramowitz and Stegun, 26.7.3 and 26.7.4.
    static func central(_ t: Double, degrees: Int) -> Double {
        let angle = atan(t / Double(degrees).squareRoot())
        let square = cos(angle) * cos(angle)
        let isOdd = !degrees.isMultiple(of: 2)
        var term = isOdd ? cos(angle) : 1.0
        var sum = degrees == 1 ? 0 : term
        for step in stride(from: isOdd ? 3 : 2, to: degrees, by: 2) {
            term *= square * Double(step - 1) / Double(step)
            sum += term
        }
        return isOdd ? 2 / .pi * (angle + sin(angle) * sum) : sin(angle) * sum
    }

    /// The t that |T| stays below in 95 of 100 draws.
    static func quantile95(degrees: Int) -> Double {
        // 12.7 at one degree of freedom, 1.96 at endless ones.
        var low = 1.9
        var high = 13.0
        while high - low > 1e-9 {
            let middle = (low + high) / 2
            if central(middle, degrees: degrees) < 0.95 { low = middle } else { high = middle }
        }
        return high
    }
}
