extension ModelFiles {
    /// The unpackers that there are, each for one format. A new one is a file in `Unpackers/`, and a line here.
    private static let unpackers: [any Unpacker.Type] = [
        PlainUnpacker.self,
        CompressedTensorsUnpacker.self,
        GGUFUnpacker.self,
        MLXUnpacker.self,
    ]

    /// The files, opened by the unpacker of their format.
    package func unpacker() throws(VerificationError) -> any Unpacker {
        for kind in Self.unpackers {
            if let unpacker = try kind.open(self) { return unpacker }
        }
        throw VerificationError(directory, "no second reader knows its format")
    }
}
