import AdaDimQuantization
import ArgumentParser

/// On which grids a layer's weights are.
struct GridArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "On which grids weights are: uniform, or the two-level grids of a K-quant of llama.cpp, whose groups of 16 or 32 weights of a row have whole numbers as scales, times a number that 256 weights share. Bits, group size, symmetry and direction follow from it. (default: uniform)",
            valueName: "type"))
    var grid: GridType?

    /// Overrides a recipe's settings by the option, if it was given.
    func set(_ options: inout QuantizationOptions) {
        if let grid { options.grid.twoLevel = grid.grid.twoLevel }
    }
}

/// The name of a kind of grids.
struct GridType: ExpressibleByArgument {
    let grid: QuantizationOptions.Grid

    init?(argument: String) {
        guard let grid = QuantizationOptions.Grid(typeNamed: argument) else { return nil }
        self.grid = grid
    }

    static var allValueStrings: [String] { QuantizationOptions.Grid.typeNames }
    var defaultValueDescription: String { grid.typeName }
}
