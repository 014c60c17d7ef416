import AdaDimCHeader
import AdaDimLinearAlgebra
import AdaDimQuantization

/// The object of an `adadim_gram *`.
final class GramHandle: Sendable {
    let gram: Guarded<Gram<Float>>

    init(_ gram: consuming Gram<Float>) { self.gram = Guarded(gram) }
}

@_cdecl("adadim_gram_create")
public func gramCreate(_ inputs: Int64, _ gram: UnsafeMutablePointer<OpaquePointer?>?) -> adadim_status {
    call {
        try make(gram, "gram") {
            let order = try size(inputs, "inputs")
            try checkMemory(bytes: 4 * order * order, rows: order, columns: order)
            return GramHandle(try Gram(order: order))
        }
    }
}

@_cdecl("adadim_gram_create_from")
public func gramCreateFrom(
    _ matrix: UnsafePointer<Float>?, _ inputs: Int64, _ tokens: Int64, _ gram: UnsafeMutablePointer<OpaquePointer?>?
) -> adadim_status {
    call {
        try make(gram, "gram") {
            let order = try size(inputs, "inputs")
            guard let matrix else { throw CallError.null("matrix", expected: "a Gram matrix") }
            try checkMemory(bytes: 4 * order * order, rows: order, columns: order)
            return GramHandle(try Gram(symmetric: UnsafeRawPointer(matrix), order: order, tokens: Int(tokens)))
        }
    }
}

@_cdecl("adadim_gram_destroy")
public func gramDestroy(_ gram: OpaquePointer?) { destroy(gram, GramHandle.self) }

@_cdecl("adadim_gram_accumulate")
public func gramAccumulate(
    _ gram: OpaquePointer?, _ inputs: UnsafeRawPointer?, _ type: adadim_type, _ tokens: Int64
) -> adadim_status {
    call {
        let handle: GramHandle = try object(gram, "gram")
        let type = try StoredFloat(type)
        try handle.gram.withLock { gram in
            let batch = try bytes(inputs, "inputs", rows: tokens, columns: gram.order, type)
            try gram.accumulate(rowMajor: batch, of: type, tokens: Int(tokens))
        }
    }
}

@_cdecl("adadim_gram_merge")
public func gramMerge(_ gram: OpaquePointer?, _ other: OpaquePointer?) -> adadim_status {
    call {
        let handle: GramHandle = try object(gram, "gram")
        let added: GramHandle = try object(other, "other")
        if handle === added {
            return try handle.gram.withLock { (gram) throws(GramError) in try gram.mergeWithItself() }
        }
        // Always the same one first: two that are merged into each other would otherwise wait for ever.
        if ObjectIdentifier(handle) < ObjectIdentifier(added) {
            try handle.gram.withLock { gram in try added.gram.withLock { try gram.merge($0) } }
        } else {
            try added.gram.withLock { added in try handle.gram.withLock { try $0.merge(added) } }
        }
    }
}

@_cdecl("adadim_gram_inputs")
public func gramInputs(_ gram: OpaquePointer?, _ inputs: UnsafeMutablePointer<Int64>?) -> adadim_status {
    call {
        let handle: GramHandle = try object(gram, "gram")
        try answer(inputs, "inputs") { Int64(handle.gram.withLock { $0.order }) }
    }
}

@_cdecl("adadim_gram_tokens")
public func gramTokens(_ gram: OpaquePointer?, _ tokens: UnsafeMutablePointer<Int64>?) -> adadim_status {
    call {
        let handle: GramHandle = try object(gram, "gram")
        try answer(tokens, "tokens") { Int64(handle.gram.withLock { $0.tokens }) }
    }
}

@_cdecl("adadim_gram_check_active")
public func gramCheckActive(_ gram: OpaquePointer?) -> adadim_status {
    call {
        let handle: GramHandle = try object(gram, "gram")
        try handle.gram.withLock { (gram) throws(QuantizationError) in
            guard !gram.hasActiveInputs else { return }
            throw .allInputsInactive(inputs: gram.order, tokens: gram.tokens)
        }
    }
}

@_cdecl("adadim_gram_matrix")
public func gramMatrix(
    _ gram: OpaquePointer?, _ buffer: UnsafeMutablePointer<Float>?, _ capacity: Int64,
    _ count: UnsafeMutablePointer<Int64>?
) -> adadim_status {
    call {
        let handle: GramHandle = try object(gram, "gram")
        try handle.gram.withLock { gram in
            let order = gram.order
            try fill(buffer, capacity, count, needed: order * order, width: MemoryLayout<Float>.size) {
                gram.writeSymmetric(to: $0)
            }
        }
    }
}
