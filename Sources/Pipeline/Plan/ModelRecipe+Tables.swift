import AdaDimCheckpoint
import AdaDimFormats
import AdaDimQuantization
import AdaDimQuantizedMatrices
import AdaDimRecipe

extension ModelRecipe {
    /// What makes a table's settings of the general ones, before any rule.
    typealias TableSettings = @Sendable (QuantizationOptions) -> QuantizationOptions

    /// The layers of no block that are to be quantized, and what their settings are.
    ///
    /// Groups run inside a table's rows, one of which belongs to each token: readers look rows up. A table of embeddings alone is
    /// rounded, with searched ranges: see ``RoundedTable``.
    /// - Throws: ``PipelineError/tiedTable(module:embeddings:head:)``.
    func tables(
        of configuration: ModelConfiguration
    ) throws(PipelineError) -> [(layer: LinearLayer, settings: TableSettings)] {
        if configuration.tiesEmbeddings {
            if let embeddings, let head, embeddings != head {
                throw .tiedTable(module: configuration.embedding.moduleName, embeddings: embeddings, head: head)
            }
            guard let bits = embeddings ?? head else { return [] }
            return [(configuration.embedding, settings(bits: bits, isRounded: false))]
        }
        var tables: [(layer: LinearLayer, settings: TableSettings)] = []
        if let embeddings { tables.append((configuration.embedding, settings(bits: embeddings, isRounded: true))) }
        if let head { tables.append((configuration.head, settings(bits: head, isRounded: false))) }
        return tables
    }

    private func settings(bits: Int, isRounded: Bool) -> TableSettings {
        // Where the format has no zero points at these bits, the grid is symmetric.
        let isSymmetric = format.packing?.limits.zeroPoints.allows(bits: bits) == false
        let groupSize = ggufType == nil ? options.grid.groupSize : GGUFTypeMix.fallbackGroupSize
        return { general in
            var options = general
            options.grid.twoLevel = nil
            options.grid.groupSize = groupSize
            options.grid.isSymmetric = options.grid.isSymmetric || isSymmetric
            options.grid.bits = bits
            options.direction.fixedDimension = .perOutputChannel
            if isRounded { options.round() }
            return options
        }
    }

    /// A table's settings once rules have changed them.
    /// - Throws: ``PipelineError/tableDirection(module:found:)``.
    func checked(
        _ options: QuantizationOptions, of table: LinearLayer
    ) throws(PipelineError) -> QuantizationOptions {
        guard options.direction.fixedDimension == .perOutputChannel else {
            throw .tableDirection(module: table.moduleName, found: options.direction.name)
        }
        var options = options
        if table.place == .embedding { options.method = .roundToNearest }
        return options
    }
}

extension QuantizationOptions {
    /// Searched ranges, and nothing that a sweep has.
    fileprivate mutating func round() {
        apply(.fast)
        method = .roundToNearest
        grid.ranges = .search
    }
}
