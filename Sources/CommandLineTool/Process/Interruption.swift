import AdaDimProcess

/// Turns Ctrl-C, a request to terminate, the loss of the terminal and the end of the CPU time that the process may use
/// into a request that a run checks between its steps, so that it can clean up. A second signal ends the process at
/// once; it then leaves a hidden partial output, never one under its name.
///
/// There is one at a time, from its creation to ``end()``. No thread waits for the signals: whichever thread the system
/// interrupts notes them, so that they work however few threads the process can have.
struct Interruption: Sendable {
    /// - Parameter message: written to standard error when the first signal comes.
    init(saying message: String) {
        var message = message
        message.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { adadim_interruption_begin($0.baseAddress, $0.count) }
        }
    }

    /// The signal that came, if one did.
    var signal: Int32? {
        let number = adadim_interruption_signal()
        return number == 0 ? nil : number
    }

    /// Lets signals do what they did before.
    func end() { adadim_interruption_end() }
}
