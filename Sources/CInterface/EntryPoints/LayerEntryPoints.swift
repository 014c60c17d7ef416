import AdaDimCHeader
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices

/// The object of an `adadim_layer *`.
final class LayerHandle: Sendable {
    let result: LayerQuantization
    let dampingShare: Double
    let inactiveInputs: Int

    var quantized: QuantizedMatrix { result.quantized }

    init(_ result: LayerQuantization, dampingShare: Double, inactiveInputs: Int) {
        self.result = result
        self.dampingShare = dampingShare
        self.inactiveInputs = inactiveInputs
    }

    var info: adadim_layer_info {
        let (codes, scales, layout) = (quantized.codes, quantized.scales, quantized.layout)
        func loss(_ dimension: ChannelDimension, _ method: QuantizationOptions.Method) -> Double {
            result.losses[dimension]?[method] ?? .nan
        }
        return adadim_layer_info(
            size: Int64(MemoryLayout<adadim_layer_info>.size), out: Int64(codes.rows), in: Int64(codes.columns),
            bits: Int64(quantized.bits), group_size: Int64(layout.groupSize), scale_rows: Int64(scales.rows),
            scale_columns: Int64(scales.columns),
            words_per_row: Int64(PackedRows.wordsPerRow(columns: codes.columns, bits: quantized.bits)),
            super_columns: Int64(quantized.twoLevel?.superScales.columns ?? 0), inactive_inputs: Int64(inactiveInputs),
            loss: result.loss, relative_loss: result.relativeLoss,
            output_energy: result.outputEnergy, damping: dampingShare,
            rtn_loss_per_oc: loss(.perOutputChannel, .roundToNearest),
            rtn_loss_per_ic: loss(.perInputChannel, .roundToNearest), gptq_loss_per_oc: loss(.perOutputChannel, .gptq),
            gptq_loss_per_ic: loss(.perInputChannel, .gptq),
            refined_loss_per_oc: result.losses[.perOutputChannel]?.refined ?? .nan,
            refined_loss_per_ic: result.losses[.perInputChannel]?.refined ?? .nan,
            dimension: Int32(result.dimension == .perOutputChannel ? ADADIM_PER_OC : ADADIM_PER_IC),
            method: Int32(result.method == .gptq ? ADADIM_GPTQ : ADADIM_ROUND_TO_NEAREST),
            grid_type: (quantized.twoLevel?.type).gridType, reserved: 0)
    }
}

@_cdecl("adadim_layer_destroy")
public func layerDestroy(_ layer: OpaquePointer?) { destroy(layer, LayerHandle.self) }

@_cdecl("adadim_layer_get_info")
public func layerGetInfo(_ layer: OpaquePointer?, _ info: UnsafeMutablePointer<adadim_layer_info>?) -> adadim_status {
    call {
        let handle: LayerHandle = try object(layer, "layer")
        guard let info else { throw CallError.null("info", expected: "a struct to be filled") }
        let size = UnsafeRawPointer(info).loadUnaligned(as: Int64.self)
        guard size == MemoryLayout<adadim_layer_info>.size else {
            throw CallError.outOfRange("info->size", found: size, expected: "sizeof(adadim_layer_info)")
        }
        store(handle.info, at: info)
    }
}

/// Fills a buffer of the caller's with numbers of a layer, `width` bytes each.
private func read(
    _ layer: OpaquePointer?, _ buffer: UnsafeMutableRawPointer?, _ capacity: Int64,
    _ count: UnsafeMutablePointer<Int64>?, width: Int, count needed: (QuantizedMatrix) -> Int,
    _ write: (QuantizedMatrix, UnsafeMutableRawBufferPointer) throws -> Void
) throws {
    let handle: LayerHandle = try object(layer, "layer")
    let quantized = handle.quantized
    try fill(buffer, capacity, count, needed: needed(quantized), width: width) { try write(quantized, $0) }
}

@_cdecl("adadim_layer_codes")
public func layerCodes(
    _ layer: OpaquePointer?, _ buffer: UnsafeMutablePointer<UInt8>?, _ capacity: Int64,
    _ count: UnsafeMutablePointer<Int64>?
) -> adadim_status {
    call {
        try read(layer, buffer, capacity, count, width: 1, count: \.codes.count) { $0.writeCodes(rowMajor: $1) }
    }
}

@_cdecl("adadim_layer_scales")
public func layerScales(
    _ layer: OpaquePointer?, _ buffer: UnsafeMutablePointer<Float>?, _ capacity: Int64,
    _ count: UnsafeMutablePointer<Int64>?
) -> adadim_status {
    call {
        try read(layer, buffer, capacity, count, width: 4, count: \.scales.count) { $0.writeScales(rowMajor: $1) }
    }
}

@_cdecl("adadim_layer_zero_points")
public func layerZeroPoints(
    _ layer: OpaquePointer?, _ buffer: UnsafeMutablePointer<UInt8>?, _ capacity: Int64,
    _ count: UnsafeMutablePointer<Int64>?
) -> adadim_status {
    call {
        try read(layer, buffer, capacity, count, width: 1, count: \.zeroPoints.count) {
            $0.writeZeroPoints(rowMajor: $1)
        }
    }
}

/// Fills a buffer with a part of two-level grids, none where the layer has none.
private func read<Number>(
    _ layer: OpaquePointer?, _ buffer: UnsafeMutablePointer<Number>?, _ capacity: Int64,
    _ count: UnsafeMutablePointer<Int64>?, _ part: (QuantizedMatrix) -> Matrix<Number>?
) -> adadim_status {
    call {
        let handle: LayerHandle = try object(layer, "layer")
        let numbers = part(handle.quantized)
        try fill(buffer, capacity, count, needed: numbers?.count ?? 0, width: MemoryLayout<Number>.stride) { target in
            numbers?.withView { $0.writeRowMajor(to: target) }
        }
    }
}

@_cdecl("adadim_layer_offsets")
public func layerOffsets(
    _ layer: OpaquePointer?, _ buffer: UnsafeMutablePointer<Float>?, _ capacity: Int64,
    _ count: UnsafeMutablePointer<Int64>?
) -> adadim_status { read(layer, buffer, capacity, count) { $0.offsets } }

@_cdecl("adadim_layer_super_scales")
public func layerSuperScales(
    _ layer: OpaquePointer?, _ buffer: UnsafeMutablePointer<Float>?, _ capacity: Int64,
    _ count: UnsafeMutablePointer<Int64>?
) -> adadim_status { read(layer, buffer, capacity, count) { $0.twoLevel?.superScales } }

@_cdecl("adadim_layer_super_offsets")
public func layerSuperOffsets(
    _ layer: OpaquePointer?, _ buffer: UnsafeMutablePointer<Float>?, _ capacity: Int64,
    _ count: UnsafeMutablePointer<Int64>?
) -> adadim_status { read(layer, buffer, capacity, count) { $0.twoLevel?.superOffsets } }

@_cdecl("adadim_layer_whole_scales")
public func layerWholeScales(
    _ layer: OpaquePointer?, _ buffer: UnsafeMutablePointer<Int8>?, _ capacity: Int64,
    _ count: UnsafeMutablePointer<Int64>?
) -> adadim_status { read(layer, buffer, capacity, count) { $0.twoLevel?.scales } }

@_cdecl("adadim_layer_whole_offsets")
public func layerWholeOffsets(
    _ layer: OpaquePointer?, _ buffer: UnsafeMutablePointer<UInt8>?, _ capacity: Int64,
    _ count: UnsafeMutablePointer<Int64>?
) -> adadim_status { read(layer, buffer, capacity, count) { $0.twoLevel?.offsets } }

@_cdecl("adadim_layer_packed_codes")
public func layerPackedCodes(
    _ layer: OpaquePointer?, _ buffer: UnsafeMutablePointer<UInt32>?, _ capacity: Int64,
    _ count: UnsafeMutablePointer<Int64>?
) -> adadim_status {
    call {
        try read(layer, buffer, capacity, count, width: 4, count: \.packedWordCount) { $0.writePackedCodes(to: $1) }
    }
}

@_cdecl("adadim_layer_dequantized")
public func layerDequantized(
    _ layer: OpaquePointer?, _ buffer: UnsafeMutableRawPointer?, _ type: adadim_type, _ capacity: Int64,
    _ count: UnsafeMutablePointer<Int64>?
) -> adadim_status {
    call {
        let type = try StoredFloat(type)
        try read(layer, buffer, capacity, count, width: type.byteWidth, count: \.codes.count) {
            guard $0.writeDequantized(rowMajor: $1, as: type) else { throw CallError.beyondType(type) }
        }
    }
}

extension QuantizedMatrix {
    fileprivate var packedWordCount: Int { rows * PackedRows.wordsPerRow(columns: columns, bits: bits) }
}
