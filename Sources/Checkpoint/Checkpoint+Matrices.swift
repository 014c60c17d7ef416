import AdaDimFormats
import AdaDimLinearAlgebra
import AdaDimSafetensors

// Tensors as matrices and vectors of floats, widened from bf16, f16 or f32. NaN and infinity are errors.

extension Checkpoint {
    /// A weight [out, in], widened and transposed once. A packed layer is dequantized, to the numbers that a loader
    /// computes with: rounded to the type that the model is loaded in.
    /// - Parameters:
    ///   - name: the tensor's name, as in `model.layers.0.mlp.up_proj.weight`.
    ///   - shape: what the shape must be; any if nil.
    package func matrix(
        _ name: String, shape: (rows: Int, columns: Int)? = nil
    ) throws(CheckpointError) -> Matrix<Float> {
        if let packed = packedLayer(of: name) {
            return try CheckpointError.reading { () throws(FormatError) in
                try packed.dequantized(in: self, shape: shape)
            }
        }
        let location = try location(of: name)
        return try withStoredMatrix(location, shape) { stored throws(CheckpointError) in
            var result = Matrix<Float>(uninitialized: stored.rows, stored.columns)
            let finite = result.withMutableView { stored.read(into: $0) }
            if !finite { throw notFinite(location, stored, rows: 0..<stored.rows) }
            return result
        }
    }

    /// Some rows of a weight that is stored as plain numbers, [rows.count, in].
    /// - Precondition: the weight has these rows.
    package func matrix(_ name: String, rows: Range<Int>) throws(CheckpointError) -> Matrix<Float> {
        let location = try location(of: name)
        return try withStoredMatrix(location, nil) { stored throws(CheckpointError) in
            let panel = stored.panel(rows)
            var result = Matrix<Float>(uninitialized: panel.rows, panel.columns)
            if !result.withMutableView({ panel.read(into: $0) }) { throw notFinite(location, stored, rows: rows) }
            return result
        }
    }

    /// Checks by the files' headers that a tensor of this shape is there and holds floats, without reading it; a packed
    /// layer's, under its weight's name, that its parts are there and fit each other.
    package func check(_ name: String, shape: [Int]) throws(CheckpointError) {
        if shape.count == 2, let packed = packedLayer(of: name) {
            try CheckpointError.reading { () throws(FormatError) in
                try packed.check(in: self, shape: (shape[0], shape[1]))
            }
        } else {
            _ = try location(of: name, shape: shape)
        }
    }

    /// A tensor of one dimension.
    package func vector(_ name: String, count: Int) throws(CheckpointError) -> [Float] {
        let (location, type) = try location(of: name, shape: [count])
        return try floats(location, type)
    }

    private func location(
        of name: String, shape: [Int]
    ) throws(CheckpointError) -> (location: Location, type: StoredFloat) {
        let location = try location(of: name)
        guard location.entry.shape == shape else {
            throw .wrongShape(
                tensor: location.entry.name, file: location.file.path, found: location.entry.shape,
                expected: "\(shape)")
        }
        return (location, try storedType(location))
    }

    /// All elements of a tensor of one dimension or more, row-major, stored as `type`.
    private func floats(_ location: Location, _ type: StoredFloat) throws(CheckpointError) -> [Float] {
        let shape = location.entry.shape
        // The header's check found that these are no more than the file's bytes.
        let count = location.entry.byteRange.count / type.byteWidth
        var finite = true
        let values = location.file.withBytes(of: location.entry) { bytes in
            [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
                if let source = bytes.baseAddress, let target = buffer.baseAddress {
                    finite = type.widen(source, count: count, to: target)
                }
                initialized = count
            }
        }
        if !finite, let first = values.firstIndex(where: { !$0.isFinite }) {
            var (index, rest) = ([Int](), first)
            for size in shape.reversed() {
                index.insert(rest % size, at: 0)
                rest /= size
            }
            throw .notFinite(
                tensor: location.entry.name, file: location.file.path, value: values[first], index: index)
        }
        return values
    }

    /// Rows of a matrix [rows, columns], one a column of the result [columns, ids.count]: a gather of embeddings,
    /// without widening the rest of the table.
    package func rows(of name: String, ids: [Int32]) throws(CheckpointError) -> Matrix<Float> {
        if let packed = packedLayer(of: name) { return try packedRows(packed, ids) }
        let location = try location(of: name)
        return try withStoredMatrix(location, nil) { stored throws(CheckpointError) in
            for id in ids where id < 0 || Int(id) >= stored.rows {
                throw .rowOutside(
                    tensor: location.entry.name, file: location.file.path, row: Int(id), rows: stored.rows)
            }
            var result = Matrix<Float>(uninitialized: stored.columns, ids.count)
            let finite = result.withMutableView { target in stored.readRows({ Int(ids[$0]) }, into: target) }
            if !finite {
                for id in ids where stored.firstNotFinite(rows: Int(id)..<Int(id) + 1) != nil {
                    throw notFinite(location, stored, rows: Int(id)..<Int(id) + 1)
                }
            }
            return result
        }
    }

    /// A run of a matrix's rows, transposed at no cost: [columns, panel.count], column k being row
    /// `panel.lowerBound + k`.
    package func rowPanel(of name: String, rows panel: Range<Int>) throws(CheckpointError) -> Matrix<Float> {
        if let packed = packedLayer(of: name) {
            return try packedRows(packed, panel.map { Int32(truncatingIfNeeded: $0) })
        }
        let location = try location(of: name)
        return try withStoredMatrix(location, nil) { stored throws(CheckpointError) in
            guard panel.lowerBound >= 0 && panel.upperBound <= stored.rows else {
                let outside = panel.lowerBound < 0 ? panel.lowerBound : panel.upperBound - 1
                throw .rowOutside(
                    tensor: location.entry.name, file: location.file.path, row: outside, rows: stored.rows)
            }
            var result = Matrix<Float>(uninitialized: stored.columns, panel.count)
            let finite = result.withMutableView { target in
                stored.readRows({ panel.lowerBound + $0 }, into: target)
            }
            if !finite { throw notFinite(location, stored, rows: panel) }
            return result
        }
    }

    private func packedRows(_ packed: any PackedLayer, _ ids: [Int32]) throws(CheckpointError) -> Matrix<Float> {
        let found = try CheckpointError.reading { () throws(FormatError) in
            try packed.dequantizedRows(ids, in: self) { row, rows in
                let codes = packed.codes
                return CheckpointError.rowOutside(
                    tensor: naming.stored(codes), file: tensor(codes)?.path ?? place, row: row, rows: rows)
            }
        }
        return try found.get()
    }

    private func withStoredMatrix<Result>(
        _ location: Location, _ shape: (rows: Int, columns: Int)?,
        _ body: (StoredMatrix) throws(CheckpointError) -> Result
    ) throws(CheckpointError) -> Result {
        let entry = location.entry
        let type = try storedType(location)
        let expected = shape.map { "[\($0.rows), \($0.columns)]" } ?? "two dimensions"
        guard entry.shape.count == 2, shape == nil || entry.shape == [shape?.rows, shape?.columns] else {
            throw .wrongShape(tensor: entry.name, file: location.file.path, found: entry.shape, expected: expected)
        }
        return try location.file.withBytes(of: entry) { (bytes) throws(CheckpointError) in
            // Files that hold anything have an address; a matrix without elements is never looked into.
            guard let base = bytes.baseAddress else {
                throw .wrongShape(tensor: entry.name, file: location.file.path, found: entry.shape, expected: expected)
            }
            return try body(StoredMatrix(base: base, type: type, rows: entry.shape[0], columns: entry.shape[1]))
        }
    }

    func storedType(_ location: Location) throws(CheckpointError) -> StoredFloat {
        try CheckpointError.reading { () throws(FormatError) in try location.floatType() }
    }

    private func notFinite(_ location: Location, _ stored: StoredMatrix, rows: Range<Int>) -> CheckpointError {
        let found = stored.firstNotFinite(rows: rows)
        return .notFinite(
            tensor: location.entry.name, file: location.file.path, value: found?.value ?? .nan,
            index: found.map { [$0.row, $0.column] } ?? [])
    }
}
