import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// The parts of a two-level grid's scales and offsets while they are being found, and the offsets that they make, in the
/// arithmetic's own type. A reference: the search writes it, and steps of refinement change it.
final class TwoLevelTable<S: RealScalar>: Sendable {
    let type: TwoLevelType
    private let offsets: Workspace<S>
    private let superScales: Workspace<S>
    private let superOffsets: Workspace<S>
    private let wholeScales: Workspace<Int8>
    private let wholeOffsets: Workspace<UInt8>

    /// Grids whose only value is zero.
    init(_ type: TwoLevelType, _ layout: GroupLayout) throws(QuantizationError) {
        precondition(
            layout.dimension == .perOutputChannel && layout.columns % TwoLevelType.superGroupSize == 0
                && layout.groupSize == type.groupSize, "a layout that \(type.rawValue) does not fit")
        self.type = type
        let supers = layout.columns / TwoLevelType.superGroupSize
        offsets = try Workspace(layout.scaleRows, by: layout.scaleColumns)
        superScales = try Workspace(layout.rows, by: supers)
        superOffsets = try Workspace(layout.rows, by: supers)
        wholeScales = try Workspace(layout.scaleRows, by: layout.scaleColumns)
        wholeOffsets = try Workspace(layout.scaleRows, by: layout.scaleColumns)
        for part in [offsets, superScales, superOffsets] { part.view.fill(with: 0) }
        wholeScales.view.fill(with: 0)
        wholeOffsets.view.fill(with: 0)
    }

    var view: TwoLevelView<S> {
        TwoLevelView(
            type: type, offsets: offsets.view, superScales: superScales.view, superOffsets: superOffsets.view,
            wholeScales: wholeScales.view, wholeOffsets: wholeOffsets.view)
    }

    /// What is stored.
    /// - Throws: ``QuantizationError/scaleOverflow(scaleType:row:column:)`` for the first super-block whose scale float16 cannot
    ///   hold; ``QuantizationError/outOfMemory(_:)``.
    func stored() throws(QuantizationError) -> TwoLevelScales {
        for part in [superScales.view, superOffsets.view] {
            for j in 0..<part.columns {
                for i in 0..<part.rows where !part[i, j].isFinite {
                    throw .scaleOverflow(scaleType: .float16, row: i, column: j)
                }
            }
        }
        let hasOffsets = type.hasOffsets
        return TwoLevelScales(
            type, superScales: try Matrix(superScales).converted { Float($0) },
            superOffsets: hasOffsets ? try Matrix(superOffsets).converted { Float($0) } : nil,
            scales: Matrix(wholeScales), offsets: hasOffsets ? Matrix(wholeOffsets) : nil)
    }
}

/// Some rows of a ``TwoLevelTable``.
struct TwoLevelView<S: RealScalar>: Sendable {
    let type: TwoLevelType
    /// dmin·m, [rows, in/g].
    let offsets: MutableMatrixView<S>
    /// d and dmin, [rows, in/256]: numbers of float16.
    let superScales: MutableMatrixView<S>
    let superOffsets: MutableMatrixView<S>
    /// sc and m, [rows, in/g].
    let wholeScales: MutableMatrixView<Int8>
    let wholeOffsets: MutableMatrixView<UInt8>

    /// Groups of a super-block.
    var groups: Int { TwoLevelType.superGroupSize / type.groupSize }

    subscript(rows rows: Range<Int>) -> TwoLevelView {
        func part<T>(_ whole: MutableMatrixView<T>) -> MutableMatrixView<T> {
            whole[rows: rows, columns: 0..<whole.columns]
        }
        return TwoLevelView(
            type: type, offsets: part(offsets), superScales: part(superScales), superOffsets: part(superOffsets),
            wholeScales: part(wholeScales), wholeOffsets: part(wholeOffsets))
    }
}

/// The nearest number of float16, infinite beyond 65504; of a Double that of the nearest Float.
@inline(__always)
func nearestFloat16<S: RealScalar>(_ value: S) -> S { S(floatFromFloat16(float16FromFloat(Float(value)))) }
