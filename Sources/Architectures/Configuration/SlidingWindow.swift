/// How config.json states which blocks attend to no more than a window of the latest tokens. `layer_types`, where it is
/// there, names the blocks; these rules count where it is not.
package struct SlidingWindow: Sendable, Hashable {
    /// The key with the window's length; where it is null there is no window.
    package var lengthKey = "sliding_window"
    /// The length where the key is missing.
    package var defaultLength = 4096
    /// The key that must be true for any window; nil where there is none.
    package var enablingKey: String?
    /// The key with the number of the first block that has the window, and what a missing key means; nil where all have it.
    package var firstBlock: FirstBlock?

    package struct FirstBlock: Sendable, Hashable {
        package var key: String
        package var value: Int

        package init(key: String, default value: Int) {
            self.key = key
            self.value = value
        }
    }

    package init(enablingKey: String? = nil, firstBlock: FirstBlock? = nil) {
        self.enablingKey = enablingKey
        self.firstBlock = firstBlock
    }

    /// The keys that state a window.
    var keys: [String] { [lengthKey, enablingKey, firstBlock?.key].compactMap { $0 } }

    /// The names of the keys that a window depends on, as an error lists them.
    package var settings: String { enablingKey.map { "\($0) and \(lengthKey) set" } ?? "\(lengthKey) sets" }
}
