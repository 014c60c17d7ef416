/// How a weight [out, in] is cut into groups that share one scale and one zero point. The last group of a channel may
/// be shorter: sizes such as 576 and 18944 are not multiples of 128, and that is no error.
public struct GroupLayout: Sendable, Equatable {
    /// Outputs of the weight.
    public let rows: Int
    /// Its inputs.
    public let columns: Int
    /// Weights to a group, at most the length of the channel.
    public let groupSize: Int
    /// The direction in which a group runs.
    public let dimension: ChannelDimension

    /// - Parameter groupSize: weights to a group; nil, or more than the channel holds, for the whole channel.
    package init(rows: Int, columns: Int, groupSize: Int?, dimension: ChannelDimension) {
        let channel = dimension == .perOutputChannel ? columns : rows
        precondition(groupSize.map { $0 > 0 } ?? true, "a group size of \(groupSize ?? 0)")
        self.rows = rows
        self.columns = columns
        self.groupSize = max(1, min(groupSize ?? channel, channel))
        self.dimension = dimension
    }

    /// Groups along a channel, the shorter last one counted.
    public var groupsPerChannel: Int { (channelLength + groupSize - 1) / groupSize }

    /// Rows of the scales and zero points: per-OC out, per-IC ⌈out/g⌉.
    public var scaleRows: Int { dimension == .perOutputChannel ? rows : groupsPerChannel }
    /// Columns of the scales and zero points: per-OC ⌈in/g⌉, per-IC in.
    public var scaleColumns: Int { dimension == .perOutputChannel ? groupsPerChannel : columns }

    /// Weights along a channel: in for per-OC, out for per-IC.
    @inlinable public var channelLength: Int { dimension == .perOutputChannel ? columns : rows }

    /// Whether the last group of a channel is shorter than the others.
    public var hasTail: Bool { channelLength % groupSize != 0 }

    /// The weights of a group along its channel.
    @inlinable
    package func range(ofGroup group: Int) -> Range<Int> {
        group * groupSize..<min(channelLength, (group + 1) * groupSize)
    }
}
