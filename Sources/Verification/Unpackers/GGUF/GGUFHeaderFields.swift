/// What a GGUF file says before its data: metadata, as far as they are used, and tensors in the file's order.
struct GGUFHeaderFields {
    private(set) var texts: [String: String] = [:]
    private(set) var numbers: [String: Int] = [:]
    /// Shapes have the outermost size first; offsets are counted from the beginning of the data.
    private(set) var tensors: [(name: String, shape: [Int], layout: GGUFBlockLayout, offset: Int)] = []
    /// Bytes from the beginning of the file to the end of the list of tensors.
    let byteCount: Int

    /// - Parameter start: at the file's first byte.
    init(_ start: GGUFCursor) throws(VerificationError) {
        var cursor = start
        guard try cursor.number(4) == 0x4655_4747, try cursor.number(4) == 3 else {
            throw VerificationError(cursor.path, "no GGUF file of version 3")
        }
        let (tensorCount, keyCount) = (try cursor.count(), try cursor.count())
        for _ in 0..<keyCount {
            let key = try cursor.text()
            switch try cursor.value() {
            case .text(let text): texts[key] = text
            case .number(let number): numbers[key] = number
            case .other: break
            }
        }
        for _ in 0..<tensorCount {
            let name = try cursor.text()
            let dimensions = try cursor.number(4)
            guard (1...4).contains(dimensions) else {
                throw VerificationError(cursor.path, "tensor \(name): \(dimensions) dimensions, expected 1 to 4")
            }
            var shape: [Int] = []
            for _ in 0..<dimensions { shape.insert(try cursor.count(), at: 0) }
            let type = try cursor.number(4)
            guard let layout = GGUFBlockLayout(type), shape.allSatisfy({ $0 > 0 }),
                (shape.last ?? 0).isMultiple(of: layout.count)
            else { throw VerificationError(cursor.path, "tensor \(name): \(shape) of type \(type)") }
            tensors.append((name, shape, layout, try cursor.count()))
        }
        byteCount = cursor.place
    }
}
