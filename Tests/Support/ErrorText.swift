/// The text of the error that `body` throws, or that it threw none.
package func errorText(_ body: () throws -> Void) -> String {
    do {
        try body()
        return "nothing was thrown"
    } catch {
        return "\(error)"
    }
}
