import AdaDimHTMLReport
import AdaDimTestSupport
import Testing

/// Pictures as PNG files, read again.
@Suite struct PNGImageTests {
    private let palette = [
        PNGImage.Color.transparent, .init(red: 255, green: 0, blue: 10), .init(red: 1, green: 200, blue: 3, alpha: 128),
    ]

    @Test(arguments: [(1, 1), (7, 3), (126, 7), (300, 200)]) func pixelsComeBack(width: Int, height: Int) throws {
        let pixels = (0..<width * height).map { UInt8($0 * 7 % 3) }
        let bytes = try PNGImage(width: width, height: height, pixels: pixels, palette: palette).encoded()
        #expect(Array(bytes.prefix(8)) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
        let read = try PNGImage.decode(bytes)
        #expect(read.width == width)
        #expect(read.height == height)
        // What is transparent has no colour to come back.
        #expect(read.pixels.map(\.alpha) == pixels.map { palette[Int($0)].alpha })
        for (found, pixel) in zip(read.pixels, pixels) where pixel != 0 { #expect(found == palette[Int(pixel)]) }
    }

    @Test func aFullPaletteAndAPictureOfNoiseFit() throws {
        let colors = (0...255).map { PNGImage.Color(red: UInt8($0), green: UInt8(255 - $0), blue: 7) }
        let pixels = (0..<96 * 96).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 13) }
        let read = try PNGImage.decode(PNGImage(width: 96, height: 96, pixels: pixels, palette: colors).encoded())
        #expect(read.pixels == pixels.map { colors[Int($0)] })
    }

    @Test func whatIsNoPictureIsRefused() {
        func refusal(_ width: Int, _ height: Int, _ pixels: [UInt8], _ palette: [PNGImage.Color]) -> String {
            errorText { _ = try PNGImage(width: width, height: height, pixels: pixels, palette: palette).encoded() }
        }
        let expected = "expected one pixel for each place, of 1 to 256 colours"
        #expect(
            refusal(2, 2, [0, 0, 0], palette)
                == "a picture cannot be a PNG: a picture of 2 × 2 with 3 pixels in 3 colours, \(expected)")
        #expect(refusal(1, 1, [3], palette).hasSuffix(expected))
        #expect(refusal(0, 0, [], palette).hasSuffix(expected))
        #expect(refusal(1, 1, [0], []).hasSuffix(expected))
        #expect(errorText { _ = try PNGImage.decode([1, 2, 3]) }.hasPrefix("a picture cannot be a PNG: "))
    }

    /// Lightness alone must tell values apart: by CIE luminance, darker to lighter all the way.
    @Test func sequentialColoursRiseInLightness() {
        func luminance(_ color: PNGImage.Color) -> Double {
            0.2126 * Double(color.red) + 0.7152 * Double(color.green) + 0.0722 * Double(color.blue)
        }
        let shades = (0...62).map { luminance(ColorMap.sequential.color(Double($0) / 62)) }
        for (lower, higher) in zip(shades, shades.dropFirst()) { #expect(higher > lower) }
        for map in [ColorMap.divergingOnLight, .divergingOnDark] {
            // Both ends stand out from the center by as much, about.
            let (low, center, high) = (luminance(map.color(0)), luminance(map.color(0.5)), luminance(map.color(1)))
            #expect((low - center) * (high - center) > 0)
            #expect(abs(low - high) < 0.35 * abs(low - center))
        }
    }
}
