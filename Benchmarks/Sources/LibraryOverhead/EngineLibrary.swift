import Foundation

/// What adadim.h declares, of a library that is opened while the program runs: with the engine that the program itself is
/// linked to, there are two in the process, on one BLAS.
struct EngineLibrary {
    typealias Handle = OpaquePointer?
    typealias Place = UnsafeMutablePointer<OpaquePointer?>

    let createGram: @convention(c) (UnsafePointer<Float>?, Int64, Int64, Place) -> Int32
    /// With the default options, without progress.
    let takeGram: @convention(c) (Place, UnsafeRawPointer?, UnsafeRawPointer?, UnsafeRawPointer?, Place) -> Int32
    let quantize:
        @convention(c) (Handle, UnsafeRawPointer?, Int32, Int64, UnsafeRawPointer?, UnsafeRawPointer?, Place) -> Int32
    let codes: @convention(c) (Handle, UnsafeMutableRawPointer?, Int64, UnsafeMutablePointer<Int64>?) -> Int32
    let scales: @convention(c) (Handle, UnsafeMutableRawPointer?, Int64, UnsafeMutablePointer<Int64>?) -> Int32
    let zeroPoints: @convention(c) (Handle, UnsafeMutableRawPointer?, Int64, UnsafeMutablePointer<Int64>?) -> Int32
    let destroyQuantizer: @convention(c) (Handle) -> Void
    let destroyLayer: @convention(c) (Handle) -> Void
    private let lastError: @convention(c) () -> UnsafePointer<CChar>

    init(opening path: String) throws {
        guard let library = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
            throw LibraryError("\(path): \(dlerror().map { String(cString: $0) } ?? "cannot be opened")")
        }
        func function<Function>(_ name: String, as _: Function.Type = Function.self) throws -> Function {
            guard let address = dlsym(library, "adadim_\(name)") else {
                throw LibraryError("\(path): no function adadim_\(name)")
            }
            return unsafeBitCast(address, to: Function.self)
        }
        createGram = try function("gram_create_from")
        takeGram = try function("quantizer_take")
        quantize = try function("quantizer_quantize")
        codes = try function("layer_codes")
        scales = try function("layer_scales")
        zeroPoints = try function("layer_zero_points")
        destroyQuantizer = try function("quantizer_destroy")
        destroyLayer = try function("layer_destroy")
        lastError = try function("last_error")
    }

    func check(_ status: Int32) throws {
        guard status == 0 else { throw LibraryError("status \(status): \(String(cString: lastError()))") }
    }
}

struct LibraryError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
