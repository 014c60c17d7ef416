/// What the page's template reads, under the names that it reads it by. All texts are unescaped but for `svg`.
struct PageContext {
    struct Heading {
        let title: String
        let explanation: String?
        let isNumeric: Bool
    }

    /// One of the choices of a filter.
    struct Choice {
        let index: Int
        let name: String
    }

    struct Cell {
        let text: String
        let key: String?
        let isNumeric: Bool
    }

    struct Drawn {
        let id: String
        let title: String
        let caption: String
        let svg: String
    }

    /// A figure under its own name, because templates also look up names in outer contexts.
    struct FigureEntry {
        let figure: Drawn
    }

    struct Details {
        let verdict: String?
        let facts: [HTMLPage.Fact]
        let hasFacts: Bool
        let figures: [FigureEntry]
    }

    struct Row {
        let index: Int
        let name: String
        /// The number of its block, and by what rows are sorted.
        let block: String
        let blockKey: Int
        let role: Choice
        let direction: Choice?
        let cells: [Cell]
        let isDetailed: Bool
    }

    /// What the template of one layer's details reads.
    struct Layer {
        let index: Int
        let details: Details
    }

    let title: String
    let subtitle: String?
    let style: String
    let script: String
    let notes: [String]
    let facts: [HTMLPage.Fact]
    let hasFacts: Bool
    let isEmpty: Bool
    let hasOverview: Bool
    let maps: [FigureEntry]
    let curves: [FigureEntry]
    let bars: [FigureEntry]
    let hasRows: Bool
    let hasDetails: Bool
    let hasDirections: Bool
    let hasExplanations: Bool
    let roles: [Choice]
    let directions: [Choice]
    let countText: String
    let headings: [Heading]
    let rows: [Row]
}
