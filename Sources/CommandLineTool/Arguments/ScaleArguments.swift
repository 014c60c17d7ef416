import AdaDimQuantization
import AdaDimQuantizedMatrices
import ArgumentParser

/// What a single layer's scales are stored in; a model's are stored as its weights are.
struct ScaleArguments: ParsableArguments {
    @Option(help: ArgumentHelp("What scales are stored in. (default: the weight's own type)", valueName: "type"))
    var scaleType: ScaleType?
}
