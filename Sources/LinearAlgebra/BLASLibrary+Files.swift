import Glibc

extension BLASLibrary {
    /// A routine that the engine calls, and the file whose code answers the call.
    public struct Answer: Sendable, Equatable {
        /// Such as "cblas_sgemm".
        public let symbol: String
        /// The file, links resolved; nil where the process does not know the symbol or where it came from.
        public let file: String?
    }

    /// Which files really answer: products by CBLAS, LAPACK by its C interface, and what that one calls. They need not
    /// be one library, nor the one that was linked: a library named in LD_PRELOAD comes before it, for the symbols that
    /// it has.
    public static var answers: [Answer] {
        ["cblas_sgemm", "cblas_dgemm", "cblas_ssyrk", "cblas_strsm", "LAPACKE_spotrf_work", "spotrf_", "sgemm_"].map {
            Answer(symbol: $0, file: fileDefining($0))
        }
    }

    /// The kernels that OpenBLAS chose, if it is OpenBLAS that multiplies; nil if another library stands before it,
    /// whose kernels ``coreName`` knows nothing of.
    public static var coreNameOfProducts: String? {
        let products = fileDefining("cblas_sgemm")
        return products != nil && products == fileDefining("openblas_get_corename") ? coreName : nil
    }

    /// Whether products come from another file than the OpenBLAS that the program was linked with: from another library, or
    /// from an OpenBLAS that LD_PRELOAD names.
    static var answersFromElsewhere: Bool {
        guard let products = fileDefining("cblas_sgemm") else { return true }
        let preloaded = environment("LD_PRELOAD")?.split { $0 == ":" || $0 == " " } ?? []
        if preloaded.contains(where: { resolved(String($0)) == products }) { return true }
        // The library by the name that the program was linked with, without loading it a second time.
        guard let linked = dlopen("libopenblas.so.0", RTLD_LAZY | RTLD_NOLOAD) else { return true }
        defer { dlclose(linked) }
        return fileDefining("cblas_sgemm", in: linked) != products
    }

    /// A path with its links resolved; nil where there is no such file.
    private static func resolved(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// The file from which the dynamic linker takes a symbol, by `dladdr`, links resolved.
    /// - Parameter library: a handle of `dlopen`; nil for the first library that has the symbol.
    private static func fileDefining(_ symbol: String, in library: UnsafeMutableRawPointer? = nil) -> String? {
        // The headers show `dladdr` to GNU sources only, which Swift's view of them is not. It fills four pointers, of
        // which the first is the file's name.
        typealias Dladdr = @convention(c) (UnsafeRawPointer, UnsafeMutablePointer<UnsafePointer<CChar>?>) -> Int32
        guard let address = dlsym(library, symbol), let function = dlsym(nil, "dladdr") else { return nil }
        let dladdr = unsafeBitCast(function, to: Dladdr.self)
        return withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: 4) { info in
            info.initialize(repeating: nil)
            guard let start = info.baseAddress, dladdr(address, start) != 0, let name = info[0] else { return nil }
            return resolved(String(cString: name)) ?? String(cString: name)
        }
    }
}
