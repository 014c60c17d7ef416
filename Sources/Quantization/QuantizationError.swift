import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// What the engine refuses, and why. It knows matrices only; callers add the layer's name.
public enum QuantizationError: Error, Equatable, CustomStringConvertible, Sendable {
    /// A setting by its name, as ``QuantizationOptions`` is written and read.
    case settingOutOfRange(_ name: String, found: String, expected: String)
    /// A layer's target weight, which compensates for earlier layers, is not finite.
    case targetNotFinite(output: Int, input: Int)
    /// A weight without rows or without columns.
    case emptyWeight(rows: Int, columns: Int)
    /// A weight of another number of inputs than the Gram matrix or factor.
    case shapeMismatch(weightInputs: Int, gramOrder: Int)
    /// A weight whose rows are no whole groups of ``TwoLevelType/superGroupSize`` weights, which a two-level grid needs.
    case rowsNotWholeGroups(TwoLevelType, inputs: Int)
    /// A panel of other rows or columns than a ``PanelledLayer`` needs.
    case panelMismatch(rows: Int, columns: Int, expectedRows: Range<Int>, expectedColumns: Int)
    /// Bytes that are not as many numbers as the weight has.
    case wrongByteCount(found: Int, rows: Int, columns: Int, expected: Int)
    /// A quantized weight has another shape than the weight.
    case replacementMismatch(rows: Int, columns: Int, weightRows: Int, weightColumns: Int)
    /// A NaN or an infinity in a weight.
    case nonFiniteWeight(output: Int, input: Int)
    /// A group's scale is beyond the largest number of the type that stores it; row and column are the scale's. On two-level grids
    /// it is that of a super-block, d or dmin.
    case scaleOverflow(scaleType: ScaleType, row: Int, column: Int)
    /// H is zero: no token was added; or every input was zero, where ``QuantizationOptions/Factor/refusesInactiveLayers`` is
    /// set.
    case allInputsInactive(inputs: Int, tokens: Int)
    /// The mean of H's diagonal is beyond the numbers of its type.
    case gramOverflow
    /// No Cholesky factor even with the largest damping tried; the raises say what was.
    case notPositiveDefinite(input: Int, inputs: Int, attempts: [DampingAttempt])
    /// LAPACK had no memory for its workspace at this order.
    case factorizationOutOfMemory(order: Int)
    /// No memory for a matrix.
    case outOfMemory(OutOfMemory)
    /// Stopped by its ``Cancellation``.
    case cancelled
    /// What a ``MemoryPlan`` counts is more than there is, in bytes.
    case notEnoughMemory(needed: Int, available: Int, rows: Int, columns: Int)
    /// A layer so large that its bytes overflow.
    case tooLargeToCount(rows: Int, columns: Int)
    /// The factor was made for columns in descending activation order and the options have the opposite.
    case activationOrderMismatch(factorIsOrdered: Bool)
    /// The factor was made with another damping than the options'.
    case dampingMismatch(factor: Double, options: Double)
    /// A loss grew beyond the numbers of its type.
    case lossNotFinite

    /// What was found and what was expected, as a line to show.
    public var description: String {
        switch self {
        case .settingOutOfRange(let name, let found, let expected): "\(name) is \(found), expected \(expected)"
        case .targetNotFinite(let output, let input):
            "the layer's target weight, which compensates for the layers before it, is NaN or infinity at output \(output), input \(input); expected finite numbers: more damping or smaller shares may help"
        case .emptyWeight(let rows, let columns):
            "the weight has shape [\(rows), \(columns)], expected at least one element"
        case .shapeMismatch(let inputs, let order): "the weight has \(inputs) inputs but its Gram matrix \(order)"
        case .rowsNotWholeGroups(let type, let inputs):
            "the weight has \(inputs) inputs, expected a multiple of \(TwoLevelType.superGroupSize), which gridType \(type.rawValue) needs"
        case .panelMismatch(let rows, let columns, let range, let inputs):
            "the panel has shape [\(rows), \(columns)], expected rows \(range) of the weight: [\(range.count), \(inputs)]"
        case .wrongByteCount(let found, let rows, let columns, let expected):
            "a weight [\(rows), \(columns)] comes in \(found) bytes, expected \(expected)"
        case .replacementMismatch(let rows, let columns, let weightRows, let weightColumns):
            "the quantized weight has shape [\(rows), \(columns)], the weight that it replaces [\(weightRows), \(weightColumns)]"
        case .nonFiniteWeight(let output, let input): "the weight holds NaN or infinity at [\(output), \(input)]"
        case .scaleOverflow(let type, let row, let column):
            "scale [\(row), \(column)] is too large for \(type.rawValue), whose largest number is \(type.greatestFiniteMagnitude)"
        case .allInputsInactive(let inputs, let tokens):
            "all \(inputs) inputs are inactive: the Gram matrix of \(tokens) tokens is zero"
        case .gramOverflow:
            "the Gram matrix's mean diagonal is not a finite number; the activations are too large for its type"
        case .notPositiveDefinite(let input, let inputs, let attempts):
            "the damped Gram matrix is not positive definite: Cholesky failed at input \(input) of \(inputs); tried damping "
                + attempts.map { "\($0.share) of the mean diagonal (failed at input \($0.failedInput))" }
                .joined(separator: ", ")
        case .factorizationOutOfMemory(let order): "no memory for LAPACK's workspace at order \(order)"
        case .outOfMemory(let error): "\(error)"
        case .cancelled: "cancelled"
        case .notEnoughMemory(let needed, let available, let rows, let columns):
            "a layer [\(rows), \(columns)] needs \(gigabytes(needed)) of memory and this process may use "
                + "\(gigabytes(available)); take fewer rows or tokens at once, or fewer threads"
        case .tooLargeToCount(let rows, let columns):
            "a layer [\(rows), \(columns)] is larger than any memory, expected fewer than 2^28 rows and columns"
        case .activationOrderMismatch(let ordered):
            "the factor's columns are \(ordered ? "in" : "not in") activation order, the options have the opposite"
        case .dampingMismatch(let factor, let options):
            "the factor was made with damping \(factor), the options have \(options)"
        case .lossNotFinite:
            "a loss is not a finite number: weights or activations are too large for their type, or the Gram matrix is "
                + "too ill-conditioned for this damping"
        }
    }
}

/// Bytes as gigabytes, to two places: rounded up, so that no need is shown as smaller than it is.
private func gigabytes(_ bytes: Int) -> String {
    let hundredths = bytes / 10_000_000 + (bytes % 10_000_000 == 0 ? 0 : 1)
    let rest = hundredths % 100
    return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest) GB"
}
