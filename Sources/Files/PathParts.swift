// Paths are cut and compared by their bytes, as the system does. A Swift `Character` may be a slash with an accent that
// the next name begins with, and Swift calls two strings equal that the system distinguishes ("é" as one scalar or
// two).

extension String {
    /// What comes after a path's last slash: all of it where there is none.
    package var lastComponent: String {
        guard let slash = lastSlash else { return self }
        return String(unicodeScalars[unicodeScalars.index(after: slash)...])
    }

    /// What comes before a path's last slash, "/" for names in the root; nil where there is no slash.
    package var parentPath: String? {
        guard let slash = lastSlash else { return nil }
        return slash == unicodeScalars.startIndex ? "/" : String(unicodeScalars[..<slash])
    }

    /// The path without slashes at its end, unless it is nothing else.
    package var withoutClosingSlashes: String {
        var scalars = unicodeScalars[...]
        while scalars.count > 1 && scalars.last == "/" { scalars.removeLast() }
        return String(scalars)
    }

    /// The names that a path consists of, each as bytes.
    package var componentBytes: [[UInt8]] { pathBytes.split(separator: UInt8(ascii: "/")).map(Array.init) }

    /// Whether both are one path, byte by byte.
    package func isSamePath(as other: String) -> Bool { pathBytes == other.pathBytes }

    /// Whether a name is hidden.
    package var isHiddenName: Bool { unicodeScalars.first == "." }

    /// The path of something in the directory that this is the path of.
    package func appendingComponent(_ name: String) -> String { self == "/" ? "/" + name : self + "/" + name }

    /// The part of a path after that of a directory which it begins with, and a slash.
    package func path(below directory: String) -> String {
        String(unicodeScalars.dropFirst(directory.unicodeScalars.count + 1))
    }

    private var lastSlash: String.Index? { unicodeScalars.lastIndex(of: "/") }
}
