/// OpenBLAS's kernels for one family of x86-64 processors, by their name in `openblas_get_corename` and
/// `OPENBLAS_CORETYPE`.
///
/// OpenBLAS looks its family up by the processor's model number. A version that is older than the processor does not
/// find it, and silently takes kernels that every x86-64 processor can run: 0.3.21 runs Prescott's on an Emerald
/// Rapids, at a fifth of the flop/s.
package enum KernelFamily {
    /// The instructions that a family's kernels for float32 products use: from `Makefile.x86_64`, `kernel/x86_64/KERNEL.*` and
    /// `driver/others/dynamic.c` of OpenBLAS 0.3.21 and 0.3.30. SapphireRapids and Cooperlake add instructions for bfloat16,
    /// which nothing here uses.
    /// - Parameter name: in any case of letters.
    /// - Returns: nil for a family that this table does not have.
    package static func instructions(of name: String) -> VectorInstructions? { table[name.lowercased()] }

    private static let table: [String: VectorInstructions] = {
        let families: [VectorInstructions: [String]] = [
            .sse: [
                "katmai", "coppermine", "northwood", "prescott", "banias", "atom", "core2", "penryn", "dunnington",
                "nehalem", "athlon", "opteron", "opteron_sse3", "barcelona", "bobcat", "nano",
            ],
            .avx: ["sandybridge", "bulldozer", "piledriver", "steamroller", "excavator"],
            .avx2: ["haswell", "zen"],
            .avx512: ["skylakex", "cooperlake", "sapphirerapids"],
        ]
        return families.reduce(into: [:]) { table, entry in
            for name in entry.value { table[name] = entry.key }
        }
    }()

    /// Families that suit a processor, the best first. Not all builds of OpenBLAS have all of them.
    package static func suitable(for processor: Processor) -> [String] {
        guard let instructions = processor.instructions else { return [] }
        var names: [String] = []
        if instructions >= .avx512 { names += processor.hasBFloat16 ? ["Cooperlake", "SkylakeX"] : ["SkylakeX"] }
        if instructions >= .avx2 { names.append(processor.isAMD ? "Zen" : "Haswell") }
        if instructions >= .avx { names.append("Sandybridge") }
        return names
    }

    /// Families that use more of a processor than the one that answers, the best first; none for a family that the table
    /// does not have, such as one of a newer OpenBLAS.
    package static func better(than name: String, on processor: Processor) -> [String] {
        guard let answering = instructions(of: name) else { return [] }
        return suitable(for: processor).filter { instructions(of: $0).map { $0 > answering } ?? false }
    }

    /// Of the families that are better than the one in use, those that the library may have. If a requested family is
    /// not in use, the library does not have it, nor those before it: newer versions have more families.
    /// - Parameters:
    ///   - better: the best first.
    ///   - asked: the value of `OPENBLAS_CORETYPE`, if it is set.
    package static func untried(of better: [String], after asked: String?) -> [String] {
        guard let index = better.firstIndex(where: { $0.lowercased() == asked?.lowercased() }) else { return better }
        return Array(better[(index + 1)...])
    }
}
