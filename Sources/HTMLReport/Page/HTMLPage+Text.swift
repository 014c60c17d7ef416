import Foundation

extension HTMLPage {
    /// The whole file: it needs no other file and loads none.
    package func html() throws -> String {
        var html = ""
        try write { html += $0 }
        return html
    }

    /// Writes the whole file in pieces, the details of each layer being one: with many layers they are most of it.
    /// - Parameter next: the details of the next row that has some, each made by ``LayerDetails/html(row:)``; nil at
    ///   the end.
    package func write(
        _ put: (String) throws -> Void, detailsKeptElsewhere next: () throws -> String? = { nil }
    ) throws {
        var drawing = Drawing(prefix: "figure")
        let templates = try Templates()
        let page = try templates.page(context(&drawing))
        guard let place = page.range(of: Templates.detailsPlace) else { throw PageError.noTemplate }
        try put(String(page[..<place.lowerBound]))
        for (index, row) in rows.enumerated() {
            if let details = row.details { try put(details.html(row: index, templates)) }
        }
        while let details = try next() { try put(details) }
        try put(String(page[place.upperBound...]))
    }

    /// Writes the whole file; a file that is there is replaced when all is written.
    package func write(to url: URL) throws {
        try Data(html().utf8).write(to: url, options: .atomic)
    }

    /// Draws figures and gives each a name that no other on the page has.
    fileprivate struct Drawing {
        let prefix: String
        private var count = 0

        init(prefix: String) { self.prefix = prefix }

        mutating func draw(_ figures: [any Figure]) throws -> [PageContext.FigureEntry] {
            try figures.map { figure in
                count += 1
                let id = "\(prefix)-\(count)"
                return .init(
                    figure: .init(id: id, title: figure.title, caption: figure.caption, svg: try figure.svg(id: id)))
            }
        }
    }

    private func context(_ drawing: inout Drawing) throws -> PageContext {
        let roles = choices(rows.map(\.role))
        let directions = choices(rows.compactMap(\.direction))
        return PageContext(
            title: title, subtitle: subtitle.isEmpty ? nil : subtitle, style: Templates.styleSheet,
            script: Templates.script, notes: notes, facts: facts, hasFacts: !facts.isEmpty,
            isEmpty: facts.isEmpty && notes.isEmpty, hasOverview: !(maps.isEmpty && curves.isEmpty && bars.isEmpty),
            maps: try drawing.draw(maps), curves: try drawing.draw(curves), bars: try drawing.draw(bars),
            hasRows: !rows.isEmpty, hasDetails: rows.contains(where: \.isDetailed),
            hasDirections: !directions.list.isEmpty, hasExplanations: headings.contains { $0.explanation != nil },
            roles: roles.list, directions: directions.list,
            countText: "\(rows.count) of \(rows.count) \(rows.count == 1 ? "layer" : "layers")", headings: headings,
            rows: rows.enumerated().map { index, row in
                .init(
                    index: index, name: row.name, block: row.block.map(String.init) ?? "", blockKey: row.block ?? -1,
                    role: .init(index: roles.index[row.role] ?? 0, name: row.role),
                    direction: row.direction.map { .init(index: directions.index[$0] ?? 0, name: $0) },
                    cells: cells(of: row), isDetailed: row.isDetailed)
            })
    }

    /// The distinct names in the order of their first appearance.
    private func choices(_ names: [String]) -> (list: [PageContext.Choice], index: [String: Int]) {
        var (list, index): ([PageContext.Choice], [String: Int]) = ([], [:])
        for name in names where index[name] == nil {
            index[name] = list.count
            list.append(.init(index: list.count, name: name))
        }
        return (list, index)
    }

    private var headings: [PageContext.Heading] {
        var headings = [
            PageContext.Heading(title: "Layer", explanation: nil, isNumeric: false),
            PageContext.Heading(title: "Block", explanation: nil, isNumeric: true),
            PageContext.Heading(title: "Role", explanation: nil, isNumeric: false),
        ]
        if rows.contains(where: { $0.direction != nil }) {
            headings.append(.init(title: "Direction", explanation: nil, isNumeric: false))
        }
        return headings
            + columns.map {
                .init(
                    title: $0.title, explanation: $0.explanation.isEmpty ? nil : $0.explanation, isNumeric: $0.isNumeric
                )
            }
    }

    /// One cell for each column, empty where the row has none.
    private func cells(of row: TableRow) -> [PageContext.Cell] {
        columns.enumerated().map { index, column in
            let cell = index < row.cells.count ? row.cells[index] : TableCell(text: "")
            let key = cell.sortKey.flatMap { $0.isFinite ? String($0) : nil }
            return .init(text: cell.text, key: key, isNumeric: column.isNumeric)
        }
    }
}

extension LayerDetails {
    /// The details as a piece of the page, for callers that have no room for those of all layers.
    /// - Parameter row: the place of the layer's row in the table.
    package func html(row: Int) throws -> String { try html(row: row, Templates()) }

    fileprivate func html(row: Int, _ templates: Templates) throws -> String {
        var drawing = HTMLPage.Drawing(prefix: "layer-\(row)-figure")
        return try templates.layer(
            .init(
                index: row,
                details: .init(
                    verdict: verdict, facts: facts, hasFacts: !facts.isEmpty,
                    figures: try drawing.draw(figures.map(\.figure)))))
    }
}
