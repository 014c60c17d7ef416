import Glibc

/// The text of the last failed call of each thread: C strings in thread-local storage, freed with their threads.
enum LastError {
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        // Without a key there is no text; statuses still say what happened.
        guard pthread_key_create(&key, { free($0) }) == 0 else { return pthread_key_t.max }
        return key
    }()

    /// Valid until the thread's next call.
    static var text: UnsafePointer<CChar> {
        if let text = pthread_getspecific(key) { return UnsafePointer(text.assumingMemoryBound(to: CChar.self)) }
        return constantCString("")
    }

    static func set(_ text: String) { replace(with: strdup(text)) }

    static func clear() {
        if pthread_getspecific(key) != nil { replace(with: nil) }
    }

    private static func replace(with text: UnsafeMutablePointer<CChar>?) {
        let old = pthread_getspecific(key)
        if pthread_setspecific(key, text) == 0 { free(old) } else { free(text) }
    }

}

/// A C string that lives as long as the process.
func constantCString(_ text: StaticString) -> UnsafePointer<CChar> {
    UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
}
