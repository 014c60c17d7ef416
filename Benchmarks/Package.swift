// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "Benchmarks",
    dependencies: [
        .package(name: "AdaDim", path: ".."),
        // Typed options and generated help.
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        // Tables that paste as Markdown, columns as wide as their longest cell.
        .package(url: "https://github.com/ordo-one/TextTable", from: "0.0.2"),
    ],
    targets: [
        .target(name: "SyntheticData", dependencies: [.product(name: "AdaDim", package: "AdaDim")]),
        .target(name: "Results"),
        .executableTarget(
            name: "Benchmark",
            dependencies: [
                "Results", "SyntheticData",
                .product(name: "AdaDim", package: "AdaDim"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "TextTable", package: "TextTable"),
            ]),
        .executableTarget(
            name: "GiantLayer",
            dependencies: [
                "Results", "SyntheticData",
                .product(name: "AdaDim", package: "AdaDim"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        .executableTarget(
            name: "LibraryOverhead",
            dependencies: [
                "SyntheticData",
                .product(name: "AdaDim", package: "AdaDim"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
    ],
    swiftLanguageModes: [.v6]
)
