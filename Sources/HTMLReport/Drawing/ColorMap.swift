import Foundation

/// Colours for numbers from 0 to 1: a few anchors in OKLab, where equal steps look equally large, and the colours
/// between them.
///
/// OKLab: Björn Ottosson, "A perceptual color space for image processing", 2020.
package struct ColorMap: Sendable {
    /// Lightness 0 to 1, chroma, hue in degrees.
    package struct Anchor: Sendable {
        let lightness: Double
        let chroma: Double
        let hue: Double
    }

    /// Equally far apart, at least two.
    let anchors: [Anchor]

    /// Dark blue, teal, green, yellow: lightness rises all the way, so that it needs no hue to be read.
    package static let sequential = ColorMap(
        anchors: [
            Anchor(lightness: 0.24, chroma: 0.09, hue: 292), Anchor(lightness: 0.41, chroma: 0.11, hue: 262),
            Anchor(lightness: 0.58, chroma: 0.105, hue: 212), Anchor(lightness: 0.76, chroma: 0.13, hue: 152),
            Anchor(lightness: 0.93, chroma: 0.16, hue: 105),
        ])

    /// Blue and orange, which no common colour blindness confuses, with the page's colour between them.
    package static let divergingOnLight = ColorMap(
        anchors: [
            Anchor(lightness: 0.42, chroma: 0.14, hue: 258), Anchor(lightness: 0.68, chroma: 0.11, hue: 245),
            Anchor(lightness: 0.945, chroma: 0.006, hue: 90), Anchor(lightness: 0.72, chroma: 0.13, hue: 62),
            Anchor(lightness: 0.47, chroma: 0.14, hue: 42),
        ])

    /// The same on a dark page: its center is dark.
    package static let divergingOnDark = ColorMap(
        anchors: [
            Anchor(lightness: 0.84, chroma: 0.10, hue: 235), Anchor(lightness: 0.58, chroma: 0.13, hue: 250),
            Anchor(lightness: 0.30, chroma: 0.008, hue: 260), Anchor(lightness: 0.60, chroma: 0.13, hue: 52),
            Anchor(lightness: 0.86, chroma: 0.12, hue: 75),
        ])

    /// - Parameter share: 0 to 1; beyond, the nearer end.
    package func color(_ share: Double) -> PNGImage.Color {
        let place = min(max(share, 0), 1) * Double(anchors.count - 1)
        let index = min(Int(place), anchors.count - 2)
        let (from, to) = (Self.lab(anchors[index]), Self.lab(anchors[index + 1]))
        return Self.color(from + (to - from) * (place - Double(index)))
    }

    /// Lightness, green to red, blue to yellow.
    private static func lab(_ anchor: Anchor) -> SIMD3<Double> {
        let hue = anchor.hue * .pi / 180
        return SIMD3(anchor.lightness, anchor.chroma * cos(hue), anchor.chroma * sin(hue))
    }

    private static func color(_ lab: SIMD3<Double>) -> PNGImage.Color {
        let cones = SIMD3(
            lab.x + 0.3963377774 * lab.y + 0.2158037573 * lab.z, lab.x - 0.1055613458 * lab.y - 0.0638541728 * lab.z,
            lab.x - 0.0894841775 * lab.y - 1.2914855480 * lab.z)
        let cubes = cones * cones * cones
        return PNGImage.Color(
            red: sample((cubes * SIMD3(4.0767416621, -3.3077115913, 0.2309699292)).sum()),
            green: sample((cubes * SIMD3(-1.2684380046, 2.6097574011, -0.3413193965)).sum()),
            blue: sample((cubes * SIMD3(-0.0041960863, -0.7034186147, 1.7076147010)).sum()))
    }

    /// sRGB's transfer function.
    private static func sample(_ linear: Double) -> UInt8 {
        let value = min(max(linear, 0), 1)
        return UInt8((255 * (value <= 0.0031308 ? 12.92 * value : 1.055 * pow(value, 1 / 2.4) - 0.055)).rounded())
    }
}
