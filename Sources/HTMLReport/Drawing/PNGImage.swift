import CPNG

/// A picture of few colours: one level for each pixel, and a palette. Its PNG has one byte per pixel or less.
package struct PNGImage: Equatable {
    package struct Color: Equatable {
        package let red: UInt8
        package let green: UInt8
        package let blue: UInt8
        package let alpha: UInt8

        package init(red: UInt8, green: UInt8, blue: UInt8, alpha: UInt8 = 255) {
            self.red = red
            self.green = green
            self.blue = blue
            self.alpha = alpha
        }

        package static let transparent = Color(red: 0, green: 0, blue: 0, alpha: 0)
    }

    package let width: Int
    package let height: Int
    /// [height, width], row after row: indices into the palette.
    package let pixels: [UInt8]
    /// At most 256.
    package let palette: [Color]

    package init(width: Int, height: Int, pixels: [UInt8], palette: [Color]) {
        self.width = width
        self.height = height
        self.pixels = pixels
        self.palette = palette
    }

    /// The bytes of a PNG file.
    package func encoded() throws(PNGError) -> [UInt8] {
        guard width > 0, height > 0, pixels.count == width * height, (1...256).contains(palette.count),
            pixels.allSatisfy({ $0 < palette.count })
        else {
            throw PNGError(
                "a picture of \(width) × \(height) with \(pixels.count) pixels in \(palette.count) colours, "
                    + "expected one pixel for each place, of 1 to 256 colours")
        }
        var image = png_image()
        image.version = png_uint_32(PNG_IMAGE_VERSION)
        image.width = png_uint_32(width)
        image.height = png_uint_32(height)
        image.format = Self.format
        image.colormap_entries = png_uint_32(palette.count)
        defer { png_image_free(&image) }
        let colors = palette.flatMap { [$0.red, $0.green, $0.blue, $0.alpha] }
        // A PNG of small size is mostly palette; without compression every row has one byte more.
        var bytes = [UInt8](repeating: 0, count: pixels.count + pixels.count / 8 + 16 * height + 4096)
        var size = png_alloc_size_t(bytes.count)
        guard png_image_write_to_memory(&image, &bytes, &size, 0, pixels, 0, colors) != 0 else {
            throw PNGError(Self.message(image))
        }
        return Array(bytes.prefix(Int(size)))
    }

    /// The pixels of a PNG file, [height, width], row after row.
    package static func decode(_ bytes: [UInt8]) throws(PNGError) -> (width: Int, height: Int, pixels: [Color]) {
        var image = png_image()
        image.version = png_uint_32(PNG_IMAGE_VERSION)
        defer { png_image_free(&image) }
        guard png_image_begin_read_from_memory(&image, bytes, bytes.count) != 0 else {
            throw PNGError(message(image))
        }
        image.format = format & ~png_uint_32(PNG_FORMAT_FLAG_COLORMAP)
        let (width, height) = (Int(image.width), Int(image.height))
        var colors = [UInt8](repeating: 0, count: width * height * 4)
        guard png_image_finish_read(&image, nil, &colors, 0, nil) != 0 else { throw PNGError(message(image)) }
        let pixels = (0..<width * height).map { pixel in
            Color(
                red: colors[pixel * 4], green: colors[pixel * 4 + 1], blue: colors[pixel * 4 + 2],
                alpha: colors[pixel * 4 + 3])
        }
        return (width, height, pixels)
    }

    /// A palette of red, green, blue and alpha, 8 bits each.
    private static let format =
        png_uint_32(PNG_FORMAT_FLAG_COLOR) | png_uint_32(PNG_FORMAT_FLAG_ALPHA) | png_uint_32(PNG_FORMAT_FLAG_COLORMAP)

    private static func message(_ image: png_image) -> String {
        withUnsafeBytes(of: image.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}

/// libpng refused a picture.
package struct PNGError: Error, CustomStringConvertible {
    package let description: String

    init(_ reason: String) { description = "a picture cannot be a PNG: \(reason)" }
}
