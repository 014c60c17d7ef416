import Mustache

/// The page's templates, style sheet and script. They are part of the program: an installed tool is one file.
struct Templates {
    private let library: MustacheLibrary

    static let styleSheet = String(decoding: PackageResources.page_css, as: UTF8.self)
    static let script = String(decoding: PackageResources.page_js, as: UTF8.self)

    init() throws {
        // The library's own escaping works by `Character`; see `Markup.escape`.
        MustacheContentTypes.register(MarkupContentType(), named: MarkupContentType.name)
        library = MustacheLibrary(templates: [
            "page": try MustacheTemplate(string: String(decoding: PackageResources.page_mustache, as: UTF8.self)),
            "figure": try MustacheTemplate(string: String(decoding: PackageResources.figure_mustache, as: UTF8.self)),
            "layer": try MustacheTemplate(string: String(decoding: PackageResources.layer_mustache, as: UTF8.self)),
        ])
    }

    /// The place for the layers' details in the page's template.
    static let detailsPlace = "<!-- details -->"

    func page(_ context: PageContext) throws(PageError) -> String { try render(context, "page") }

    func layer(_ context: PageContext.Layer) throws(PageError) -> String { try render(context, "layer") }

    private func render(_ context: Any, _ template: String) throws(PageError) -> String {
        guard let text = library.render(context, withTemplate: template) else { throw .noTemplate }
        return text
    }
}

/// How the templates escape; each names it in its first line.
private struct MarkupContentType: MustacheContentType {
    static let name = "ADADIM_MARKUP"

    func escapeText(_ text: String) -> String { Markup.escape(text) }
}
