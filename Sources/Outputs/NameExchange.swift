import Glibc

/// Exchanges the files of two paths of one file system in one step, so that at no moment, even if the process is
/// killed, one of the paths has no file.
package struct NameExchange: Sendable {
    private let exchange: @Sendable (String, String) -> Bool

    /// - Parameter exchange: returns whether it was done; where not, nothing has changed.
    package init(_ exchange: @escaping @Sendable (String, String) -> Bool) { self.exchange = exchange }

    /// Linux has it for most file systems, not for all.
    package static let system = NameExchange { one, other in
        renameWithFlags?(AT_FDCWD, one.systemBytes, AT_FDCWD, other.systemBytes, exchangeFlag) == 0
    }

    /// For a file system without it.
    package static let none = NameExchange { _, _ in false }

    package func callAsFunction(_ one: String, _ other: String) -> Bool { exchange(one, other) }

    private typealias RenameWithFlags =
        @convention(c) (
            Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32
        ) -> Int32

    /// The C library's `renameat2`, which its header does not show to Swift.
    private static let renameWithFlags = dlsym(nil, "renameat2").map { unsafeBitCast($0, to: RenameWithFlags.self) }

    /// RENAME_EXCHANGE.
    private static let exchangeFlag: UInt32 = 2
}
