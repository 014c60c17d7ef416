/// The flops that the mathematics needs, multiplications and additions counted alike.
enum Flops {
    static func gram(inputs: Int, tokens: Int) -> Double { Double(tokens) * square(inputs) }
    static func factor(inputs: Int) -> Double { square(inputs) * Double(inputs) / 3 }
    /// A sweep in one direction, and just as much ‖WX‖².
    static func sweep(_ shape: LayerShape) -> Double { Double(shape.rows) * square(shape.inputs) }

    private static func square(_ n: Int) -> Double { Double(n) * Double(n) }
}

/// A weight [rows, inputs].
struct LayerShape: Codable, Sendable, Hashable {
    let rows: Int
    let inputs: Int

    var name: String { "\(rows)x\(inputs)" }
}
