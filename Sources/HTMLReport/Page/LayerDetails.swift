/// What is shown of one layer when its name is chosen in the table.
package struct LayerDetails: Sendable {
    /// One or two sentences.
    package let verdict: String?
    package let facts: [HTMLPage.Fact]
    package let figures: [LayerFigure]

    package init(verdict: String? = nil, facts: [HTMLPage.Fact] = [], figures: [LayerFigure] = []) {
        self.verdict = verdict
        self.facts = facts
        self.figures = figures
    }
}

package enum LayerFigure: Sendable {
    case channels(ChannelPlot)
    case map(MatrixMap)
    case histogram(Histogram)

    var figure: any Figure {
        switch self {
        case .channels(let plot): plot
        case .map(let map): map
        case .histogram(let histogram): histogram
        }
    }
}
