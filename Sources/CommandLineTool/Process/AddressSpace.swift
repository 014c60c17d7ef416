import AdaDimLinearAlgebra

/// What comes before the first product of a command: where the process's address space is limited, there is room for OpenBLAS,
/// which would try for ever to get more, and for what else a command needs, without which Swift ends the process.
func reserveProductBuffers() throws(NoAddressSpace) {
    do {
        try ProductBuffers.reserve()
    } catch {
        throw NoAddressSpace(
            text:
                "has no room for the buffers of OpenBLAS's threads, \(error.elements / 1_000_000) MB; fewer --threads "
                + "need less")
    }
    let least = 64_000_000
    if let left = MachineMemory.addressSpace, left < least {
        throw NoAddressSpace(
            text: "has \(left / 1_000_000) MB left besides the buffers of OpenBLAS's threads, expected at least "
                + "\(least / 1_000_000) MB")
    }
}

/// The process's address space is too small.
struct NoAddressSpace: Error, CustomStringConvertible {
    fileprivate let text: String

    var description: String { "the address space of this process (ulimit -v) \(text)" }
}
