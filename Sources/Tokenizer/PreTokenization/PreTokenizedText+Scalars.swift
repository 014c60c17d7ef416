import AdaDimJSON

extension PreTokenizedText {
    /// Puts `prefix` before those words (by index) that do not begin with it.
    mutating func prepend(_ prefix: ByteString, where condition: (Int) -> Bool) {
        let bytes = text
        var index = 0
        rewrite { word, result in
            if condition(index), !bytes[word].starts(with: prefix.bytes) {
                result.append(contentsOf: prefix.bytes)
            }
            result.append(contentsOf: bytes[word])
            index += 1
        }
    }

    mutating func replaceSpaces(with replacement: ByteString) {
        let bytes = text
        rewrite { word, result in
            for byte in bytes[word] {
                if byte == 0x20 { result.append(contentsOf: replacement.bytes) } else { result.append(byte) }
            }
        }
    }
}

extension [UInt8] {
    /// Maximal runs of scalars of one kind in `range` of this UTF-8 text.
    func runs(in range: Range<Int>, kind: (UInt32) -> Int) -> [(range: Range<Int>, kind: Int)] {
        var runs: [(range: Range<Int>, kind: Int)] = []
        var position = range.lowerBound
        while position < range.upperBound {
            let (code, length) = scalar(at: position)
            let current = kind(code)
            if let last = runs.last, last.kind == current {
                runs[runs.count - 1].range = last.range.lowerBound..<position + length
            } else {
                runs.append((position..<position + length, current))
            }
            position += length
        }
        return runs
    }

    /// Cuts `range` of this UTF-8 text at scalars that satisfy `condition`, each of which is a match of its own.
    func segments(in range: Range<Int>, where condition: (UInt32) -> Bool) -> [Pattern.Segment] {
        var segments: [Pattern.Segment] = []
        var covered = range.lowerBound
        var position = range.lowerBound
        while position < range.upperBound {
            let (code, length) = scalar(at: position)
            if condition(code) {
                if covered < position { segments.append(.init(range: covered..<position, isMatch: false)) }
                covered = position + length
                segments.append(.init(range: position..<covered, isMatch: true))
            }
            position += length
        }
        if covered < range.upperBound { segments.append(.init(range: covered..<range.upperBound, isMatch: false)) }
        return segments
    }
}
