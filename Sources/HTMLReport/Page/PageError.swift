/// Why a page could not be made.
enum PageError: Error, CustomStringConvertible {
    case noTemplate

    var description: String { "the report's page template is missing from the program" }
}
