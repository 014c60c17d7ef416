import Foundation

/// From values to levels of colour: the position of a value between both ends of an axis.
struct ColorScale {
    /// Enough that steps cannot be seen, few enough that a picture stays small.
    static let levels = 63

    let axis: AxisScale
    let isDiverging: Bool

    /// Nil where no value has a place on it.
    static func sequential(_ values: some Sequence<Double>, log isLogarithmic: Bool) -> ColorScale? {
        if isLogarithmic {
            return AxisScale.logarithmic(over: values, from: 0, to: 1, margin: 0).map {
                ColorScale(axis: $0, isDiverging: false)
            }
        }
        let finite = values.filter { $0.isFinite && abs($0) < 1e300 }
        guard let low = finite.min(), let high = finite.max() else { return nil }
        return ColorScale(axis: .linear(low, high, from: 0, to: 1), isDiverging: false)
    }

    /// Reaches as far below the center as above it.
    static func diverging(_ values: some Sequence<Double>, center: Double) -> ColorScale? {
        guard center.isFinite, center > 0 else { return nil }
        let distances = values.filter { $0.isFinite && $0 > 0 }.map { abs(log10($0) - log10(center)) }
        guard let largest = distances.max() else { return nil }
        let reach = max(largest, log10(1.1))
        return ColorScale(
            axis: .logarithmic(log10(center) - reach, log10(center) + reach, from: 0, to: 1), isDiverging: true)
    }

    /// 1 to `levels`; 0 for no value.
    func level(_ value: Double?) -> UInt8 {
        guard let value, let share = axis.position(value) else { return 0 }
        return UInt8(1 + (share * Double(Self.levels - 1)).rounded())
    }

    /// The colours of a light page and of a dark one, level 0 transparent; one palette where they are the same.
    var palettes: [[PNGImage.Color]] {
        let maps: [ColorMap] = isDiverging ? [.divergingOnLight, .divergingOnDark] : [.sequential]
        return maps.map { map in
            [.transparent] + (0..<Self.levels).map { map.color(Double($0) / Double(Self.levels - 1)) }
        }
    }

    /// A picture for each palette.
    func pictures(width: Int, height: Int, pixels: [UInt8]) -> [PNGImage] {
        palettes.map { PNGImage(width: width, height: height, pixels: pixels, palette: $0) }
    }

    /// All levels side by side.
    var bar: [PNGImage] {
        pictures(width: Self.levels, height: 1, pixels: (1...UInt8(Self.levels)).map(\.self))
    }
}
