// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "QuantizeLayer",
    dependencies: [
        // In a package of your own: .package(url: …, from: "0.1.0").
        .package(name: "AdaDim", path: "../..")
    ],
    targets: [
        .executableTarget(name: "QuantizeLayer", dependencies: [.product(name: "AdaDim", package: "AdaDim")])
    ]
)
