// swift-tools-version: 6.1
import PackageDescription

// Folders under Sources/ keep short names; modules carry the prefix, since module names are global in a user's program.
func module(_ folder: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []) -> Target {
    .target(name: "AdaDim\(folder)", dependencies: dependencies, path: "Sources/\(folder)", resources: resources)
}

func tests(
    _ folder: String, _ dependencies: [Target.Dependency], resources: [Resource] = [], exclude: [String] = []
) -> Target {
    .testTarget(
        name: "\(folder)Tests", dependencies: dependencies, path: "Tests/\(folder)Tests", exclude: exclude,
        resources: resources)
}

let package = Package(
    name: "AdaDim",
    products: [
        .library(name: "AdaDim", targets: ["AdaDim"]),
        .executable(name: "adadim", targets: ["AdaDimCommandLineTool"]),
        // Becomes libadadim.so.0 by `make library`, which also hides what adadim.h does not declare; `make install` installs it.
        .library(name: "AdaDimC", type: .dynamic, targets: ["AdaDimCInterface"]),
    ],
    dependencies: [
        // Subcommands, typed options and generated help.
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        // Levels and handlers, so that a program embedding the pipeline decides where messages go.
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        // Heap for the tokenizer's merge queue, OrderedDictionary where a file's order must survive.
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        // Tables in the terminal that paste as Markdown, columns as wide as their longest cell.
        .package(url: "https://github.com/ordo-one/TextTable", from: "0.0.2"),
        // The report's page as a template: logic-less, so the page is read in one place; nothing but Foundation behind it.
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        // Recipes that people write: YAML with comments, in order, by the library that most of Swift's tools use.
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        // The documentation's snippets (`make docs`). No target uses it, so clients do not fetch it.
        .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
    ],
    targets: [
        // C libraries. Only LinearAlgebra imports the first two, only HTMLReport the third (`make check-imports`).
        .systemLibrary(
            name: "COpenBLAS", path: "Modules/COpenBLAS", pkgConfig: "openblas",
            providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(
            name: "CLAPACKE", path: "Modules/CLAPACKE", pkgConfig: "lapacke",
            providers: [.apt(["liblapacke-dev"])]),
        // Heat maps as pictures: the library that every browser's PNG goes back to, in two calls by its simplified interface.
        .systemLibrary(
            name: "CPNG", path: "Modules/CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),

        // Files by the system's own calls and words; paths that need not be UTF-8.
        module("Files"),
        // JSON as Python and as Rust read it, with the place of what is wrong.
        module("JSON", [.product(name: "OrderedCollections", package: "swift-collections")]),
        // What is written, whole or not at all: locks, hidden names, the way to the disk.
        module("Outputs", ["AdaDimFiles"]),
        // C, for what happens before main.
        module("ProgramStart"),
        // C, for handlers of signals, which may call nothing of Swift's, and for a process beside this one.
        module("Process", ["AdaDimProgramStart"]),

        // C, for CPUID, which Swift cannot ask.
        module("Processor"),
        // The engine: matrices, then one layer.
        module("LinearAlgebra", ["COpenBLAS", "CLAPACKE", "AdaDimFiles", "AdaDimProcessor", "AdaDimProgramStart"]),
        // A quantized weight as a value, which engine and model side share: codes, scales, zero points, packed words.
        module("QuantizedMatrices", ["AdaDimLinearAlgebra"]),
        // What earlier quantization changed, summed up over tokens: noun of engine and model side.
        module("Correction", ["AdaDimLinearAlgebra"]),
        // C, for the sake of instruction sets that Swift cannot choose function by function.
        module("Kernels"),
        module(
            "Quantization", ["AdaDimCorrection", "AdaDimKernels", "AdaDimLinearAlgebra", "AdaDimQuantizedMatrices"]),
        .target(
            name: "AdaDim", dependencies: ["AdaDimLinearAlgebra", "AdaDimQuantizedMatrices", "AdaDimQuantization"],
            path: "Sources/AdaDim"),
        // One layer, looked at: outliers of its inputs, sensitivity of its weights, losses both ways.
        module("Inspection", ["AdaDimLinearAlgebra", "AdaDimQuantizedMatrices", "AdaDimQuantization"]),

        // The engine for other languages: adadim.h, and its functions.
        .target(name: "AdaDimCHeader", path: "Sources/CInterface/Header"),
        .target(
            name: "AdaDimCInterface",
            dependencies: ["AdaDimCHeader", "AdaDimLinearAlgebra", "AdaDimQuantizedMatrices", "AdaDimQuantization"],
            path: "Sources/CInterface/EntryPoints"),
        // Numerical regression tests: the engine against identities and against an earlier run.
        module(
            "Regression",
            [
                "AdaDimFiles", "AdaDimJSON", "AdaDimOutputs", "AdaDimLinearAlgebra", "AdaDimQuantizedMatrices",
                "AdaDimQuantization",
            ]),

        // The model side: bytes, a directory, text, decoder blocks.
        module("Safetensors", ["AdaDimFiles", "AdaDimJSON"]),
        // GGUF files: metadata, tensors, and their blocks of codes and scales.
        module("GGUF", ["AdaDimFiles", "AdaDimLinearAlgebra", "AdaDimQuantizedMatrices"]),
        // What models consist of: values, a file per architecture, without code of any other module.
        module("Architectures"),
        // A folder per format: what it can hold, its writer, its reader, its sizes.
        module(
            "Formats",
            [
                "AdaDimFiles", "AdaDimGGUF", "AdaDimJSON", "AdaDimLinearAlgebra", "AdaDimQuantizedMatrices",
                "AdaDimSafetensors",
            ],
            resources: [.embedInCode("MLX/adadim_model.py")]),
        module(
            "Checkpoint",
            [
                "AdaDimArchitectures", "AdaDimFiles", "AdaDimGGUF", "AdaDimJSON", "AdaDimLinearAlgebra",
                "AdaDimQuantizedMatrices",
                "AdaDimSafetensors", "AdaDimFormats",
            ]),
        // Formats read by a second path, which shares no code with the first.
        module("Verification"),
        module(
            "Tokenizer",
            [
                "AdaDimFiles", "AdaDimJSON",
                .product(name: "HeapModule", package: "swift-collections"),
                .product(name: "OrderedCollections", package: "swift-collections"),
            ]),
        module("Decoder", ["AdaDimArchitectures", "AdaDimLinearAlgebra", "AdaDimCheckpoint"]),
        module(
            "Calibration",
            [
                "AdaDimCorrection", "AdaDimLinearAlgebra", "AdaDimSafetensors", "AdaDimFiles", "AdaDimJSON",
                "AdaDimTokenizer",
                "AdaDimDecoder",
            ]),
        module(
            "Evaluation",
            [
                "AdaDimLinearAlgebra", "AdaDimCheckpoint", "AdaDimFiles", "AdaDimJSON", "AdaDimTokenizer",
                "AdaDimDecoder", "AdaDimCalibration",
            ]),
        module(
            "Export",
            [
                "AdaDimArchitectures", "AdaDimFiles", "AdaDimGGUF", "AdaDimJSON", "AdaDimOutputs",
                "AdaDimLinearAlgebra", "AdaDimQuantizedMatrices",
                "AdaDimSafetensors", "AdaDimFormats", "AdaDimCheckpoint",
            ]),

        // One layer in a file of its own.
        module(
            "LayerFiles",
            [
                "AdaDimFiles", "AdaDimOutputs", "AdaDimLinearAlgebra", "AdaDimQuantizedMatrices", "AdaDimQuantization",
                "AdaDimSafetensors", "AdaDimFormats", "AdaDimCheckpoint", "AdaDimExport",
            ]),

        // Plain values to one HTML file; it knows nothing of the others. Its templates are compiled into the program.
        .target(
            name: "AdaDimHTMLReport", dependencies: ["CPNG", .product(name: "Mustache", package: "swift-mustache")],
            path: "Sources/HTMLReport",
            resources: ["page.mustache", "figure.mustache", "layer.mustache", "page.css", "page.js"].map {
                .embedInCode("Templates/\($0)")
            }),

        // What is done to a whole model, beyond what the engine does to a layer, as values.
        module(
            "Recipe",
            [
                "AdaDimCorrection", "AdaDimFiles", "AdaDimJSON", "AdaDimQuantizedMatrices", "AdaDimQuantization",
                "AdaDimFormats",
                .product(name: "OrderedCollections", package: "swift-collections"),
                .product(name: "Yams", package: "Yams"),
            ]),
        // What runs have found, for programs and for people: JSON, tables, pages. How a run goes it does not know.
        module(
            "Reports",
            [
                "AdaDimCorrection", "AdaDimFiles", "AdaDimJSON", "AdaDimQuantizedMatrices", "AdaDimLinearAlgebra",
                "AdaDimQuantization", "AdaDimCheckpoint", "AdaDimEvaluation", "AdaDimExport", "AdaDimFormats",
                "AdaDimInspection", "AdaDimLayerFiles", "AdaDimRecipe", "AdaDimHTMLReport",
            ]),

        // Both together.
        module(
            "Pipeline",
            [
                "AdaDimCorrection", "AdaDimFiles", "AdaDimLinearAlgebra", "AdaDimQuantizedMatrices",
                "AdaDimQuantization",
                "AdaDimSafetensors", "AdaDimCheckpoint", "AdaDimTokenizer", "AdaDimDecoder", "AdaDimCalibration",
                "AdaDimEvaluation", "AdaDimFormats", "AdaDimExport", "AdaDimInspection", "AdaDimLayerFiles",
                "AdaDimArchitectures", "AdaDimRecipe", "AdaDimReports", "AdaDimHTMLReport", "AdaDimVerification",
                .product(name: "Logging", package: "swift-log"),
            ]),
        .executableTarget(
            name: "AdaDimCommandLineTool",
            dependencies: [
                "AdaDimFiles", "AdaDimOutputs", "AdaDimProcess", "AdaDimPipeline", "AdaDimQuantizedMatrices",
                "AdaDimQuantization", "AdaDimLinearAlgebra", "AdaDimEvaluation", "AdaDimFormats", "AdaDimExport",
                "AdaDimInspection", "AdaDimLayerFiles", "AdaDimRegression", "AdaDimRecipe", "AdaDimReports",
                .product(name: "TextTable", package: "TextTable"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Sources/CommandLineTool"),

        // What several test targets make their files with.
        .target(
            name: "AdaDimTestSupport",
            dependencies: [
                "AdaDimArchitectures", "AdaDimCheckpoint", "AdaDimLinearAlgebra", "AdaDimSafetensors", "AdaDimDecoder",
            ],
            path: "Tests/Support"),
        tests("LinearAlgebra", ["AdaDimLinearAlgebra"]),
        tests("QuantizedMatrices", ["AdaDimQuantizedMatrices", "AdaDimLinearAlgebra"]),
        tests(
            "Quantization",
            ["AdaDimCorrection", "AdaDimQuantization", "AdaDimQuantizedMatrices", "AdaDimLinearAlgebra"],
            resources: [.copy("Goldens")]),
        tests(
            "Inspection",
            ["AdaDimInspection", "AdaDimQuantization", "AdaDimQuantizedMatrices", "AdaDimLinearAlgebra"],
            resources: [.copy("Goldens")]),
        tests(
            "CInterface",
            [
                "AdaDimCInterface", "AdaDimCHeader", "AdaDimLinearAlgebra", "AdaDimQuantization", "AdaDimReports",
                "AdaDimQuantizedMatrices", "AdaDimPipeline",
            ]),
        tests(
            "Regression",
            [
                "AdaDimRegression", "AdaDimQuantization", "AdaDimQuantizedMatrices", "AdaDimLinearAlgebra",
                "AdaDimOutputs", "AdaDimTestSupport",
            ]),
        tests("Recipe", ["AdaDimRecipe", "AdaDimQuantization", "AdaDimCorrection", "AdaDimTestSupport"]),
        tests("Files", ["AdaDimFiles", "AdaDimTestSupport"]),
        tests("JSON", ["AdaDimJSON"]),
        tests("Outputs", ["AdaDimFiles", "AdaDimOutputs", "AdaDimTestSupport"]),
        tests("Safetensors", ["AdaDimFiles", "AdaDimSafetensors", "AdaDimTestSupport"]),
        tests(
            "GGUF",
            ["AdaDimFiles", "AdaDimGGUF", "AdaDimLinearAlgebra", "AdaDimQuantizedMatrices", "AdaDimTestSupport"],
            resources: [.copy("Goldens")]),
        tests("Architectures", ["AdaDimArchitectures"]),
        tests(
            "Formats",
            [
                "AdaDimFormats", "AdaDimJSON", "AdaDimSafetensors", "AdaDimQuantizedMatrices", "AdaDimLinearAlgebra",
                "AdaDimTestSupport",
            ]),
        tests(
            "Checkpoint",
            [
                "AdaDimArchitectures", "AdaDimCheckpoint", "AdaDimSafetensors", "AdaDimLinearAlgebra",
                "AdaDimTestSupport",
            ]),
        tests(
            "Export",
            [
                "AdaDimArchitectures", "AdaDimExport", "AdaDimFormats", "AdaDimFiles", "AdaDimGGUF", "AdaDimJSON",
                "AdaDimOutputs", "AdaDimCheckpoint", "AdaDimSafetensors", "AdaDimQuantization",
                "AdaDimQuantizedMatrices",
                "AdaDimLinearAlgebra", "AdaDimTestSupport",
            ]),
        tests(
            "LayerFiles",
            [
                "AdaDimLayerFiles", "AdaDimOutputs", "AdaDimCheckpoint", "AdaDimSafetensors", "AdaDimQuantization",
                "AdaDimQuantizedMatrices", "AdaDimLinearAlgebra", "AdaDimTestSupport",
            ]),
        tests("HTMLReport", ["AdaDimHTMLReport", "AdaDimHTMLReportSamples", "AdaDimTestSupport"]),
        // Pages of made-up values, for the tests, and in files for the browser (`make test-report`).
        .target(
            name: "AdaDimHTMLReportSamples", dependencies: ["AdaDimHTMLReport"], path: "Tests/HTMLReportSamples/Pages"),
        .executableTarget(
            name: "write-report-samples", dependencies: ["AdaDimHTMLReport", "AdaDimHTMLReportSamples"],
            path: "Tests/HTMLReportSamples/Tool"),
        // What scripts under Tests/Differential compare with transformers.
        .executableTarget(
            name: "print-logits", dependencies: ["AdaDimDecoder", "AdaDimCheckpoint", "AdaDimLinearAlgebra"],
            path: "Tests/Differential/Logits"),
        tests("Tokenizer", ["AdaDimTokenizer"], resources: [.copy("Goldens")]),
        // Prints the ids of many texts by many tokenizers, for Tests/Differential/compare_tokenizers.py.
        .executableTarget(
            name: "print-token-ids", dependencies: ["AdaDimTokenizer"], path: "Tests/Differential/PrintTokenIDs"),
        tests(
            "Decoder",
            [
                "AdaDimArchitectures", "AdaDimDecoder", "AdaDimCheckpoint", "AdaDimSafetensors", "AdaDimLinearAlgebra",
                "AdaDimTestSupport",
            ], exclude: ["Goldens"]),
        tests(
            "Calibration",
            [
                "AdaDimCalibration", "AdaDimDecoder", "AdaDimTokenizer", "AdaDimCheckpoint", "AdaDimLinearAlgebra",
                "AdaDimTestSupport",
            ]),
        tests("Verification", ["AdaDimVerification", "AdaDimTestSupport", "AdaDimLinearAlgebra"]),
        tests(
            "Evaluation", ["AdaDimEvaluation", "AdaDimDecoder", "AdaDimLinearAlgebra", "AdaDimTestSupport"]),
        tests(
            "Reports",
            [
                "AdaDimQuantizedMatrices", "AdaDimReports", "AdaDimRecipe", "AdaDimHTMLReport", "AdaDimPipeline",
                "AdaDimInspection",
                "AdaDimCheckpoint",
                "AdaDimQuantization", "AdaDimLinearAlgebra", "AdaDimTestSupport",
            ]),
        tests(
            "Pipeline",
            [
                "AdaDimCorrection", "AdaDimPipeline", "AdaDimFiles", "AdaDimCheckpoint", "AdaDimSafetensors",
                "AdaDimFormats",
                "AdaDimExport", "AdaDimEvaluation", "AdaDimQuantization", "AdaDimQuantizedMatrices",
                "AdaDimLinearAlgebra", "AdaDimDecoder", "AdaDimCalibration", "AdaDimTokenizer", "AdaDimInspection",
                "AdaDimTestSupport", "AdaDimReports", "AdaDimRecipe",
                .product(name: "Logging", package: "swift-log"),
            ]),
        // Runs the built tool, so it depends on it even where it imports nothing.
        tests(
            "CommandLineTool",
            [
                "AdaDimPipeline", "AdaDimRecipe", "AdaDimCommandLineTool", "AdaDimFiles", "AdaDimSafetensors",
                "AdaDimCheckpoint", "AdaDimQuantization",
                "AdaDimLinearAlgebra", "AdaDimReports", "AdaDimTestSupport", "AdaDimQuantizedMatrices",
            ], resources: [.copy("Goldens")]),
    ],
    swiftLanguageModes: [.v6]
)
