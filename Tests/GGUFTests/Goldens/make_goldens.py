#!/usr/bin/env python3
"""Golden blocks and a golden file for GGUFTests, by llama.cpp's own Python package, independent of this project.

    pip install gguf==0.19.0 numpy==2.4.6
    python Tests/GGUFTests/Goldens/make_goldens.py

Writes beside itself:
- blocks.json: for each type two rows of blocks, as hexadecimal bytes, and what gguf.quants.dequantize makes of them, as the bits
  of float32 in hexadecimal. All bits of codes and sub-scales are random; scales and offsets are float16 numbers.
- all-values.gguf: metadata of every type, arrays of every type, and tensors of four types, by gguf.GGUFWriter.
"""
import json
import pathlib

import gguf
import numpy as np

HERE = pathlib.Path(__file__).parent
T = gguf.GGMLQuantizationType
# The places of float16 numbers in a block.
NUMBERS = {T.Q4_0: [0], T.Q4_1: [0, 2], T.Q8_0: [0], T.Q2_K: [80, 82], T.Q3_K: [108], T.Q4_K: [0, 2], T.Q5_K: [0, 2], T.Q6_K: [208]}


def blocks(random: np.random.Generator) -> list:
    result = []
    for kind, places in NUMBERS.items():
        length, width = gguf.GGML_QUANT_SIZES[kind]
        rows, per_row = 2, 2
        data = random.integers(0, 256, (rows, per_row, width), dtype=np.uint8)
        for place in places:
            numbers = random.normal(0, 0.01, (rows, per_row)).astype(np.float16)
            # Sub-offsets are multiples of dmin, which is not negative.
            if kind != T.Q4_1:
                numbers = abs(numbers)
            data[:, :, place:place + 2] = numbers[:, :, None].view(np.uint8)
        data = data.reshape(rows, -1)
        values = gguf.quants.dequantize(data, kind).astype(np.float32)
        assert values.shape == (rows, per_row * length)
        result.append({
            "type": kind.name, "rows": rows, "columns": per_row * length, "bytes": data.tobytes().hex(),
            "values": values.tobytes().hex()})
    return result


def file(path: pathlib.Path) -> None:
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_uint8("a.u8", 250)
    writer.add_int8("a.i8", -100)
    writer.add_uint16("a.u16", 65000)
    writer.add_int16("a.i16", -30000)
    writer.add_uint32("a.u32", 4000000000)
    writer.add_int32("a.i32", -2000000000)
    writer.add_float32("a.f32", 0.1)
    writer.add_bool("a.bool", True)
    writer.add_string("a.string", "größe")
    writer.add_uint64("a.u64", 1 << 63)
    writer.add_int64("a.i64", -(1 << 63))
    writer.add_float64("a.f64", 0.1)
    writer.add_array("b.strings", ["a", "", "ü"])
    writer.add_array("b.bools", [True, False])
    V = gguf.GGUFValueType
    for name, kind, values in [
        ("u8", V.UINT8, [1, 255]), ("i8", V.INT8, [-1, 1]), ("u16", V.UINT16, [1, 65535]), ("i16", V.INT16, [-1, 1]),
        ("u32", V.UINT32, [1, 2]), ("i32", V.INT32, [-1, 2]), ("f32", V.FLOAT32, [0.5, -1.5]), ("u64", V.UINT64, [1, 2]),
        ("i64", V.INT64, [-1, 2]), ("f64", V.FLOAT64, [0.5, -1.5]),
    ]:
        writer.add_key_value(f"b.{name}", values, V.ARRAY, sub_type=kind)
    writer.add_tensor("one", np.arange(3, dtype=np.float32))
    writer.add_tensor("two", np.arange(6, dtype=np.float16).reshape(2, 3))
    writer.add_tensor("blocks", np.arange(68, dtype=np.uint8).reshape(2, 34), raw_dtype=T.Q8_0)
    writer.add_tensor("deep", np.arange(24, dtype=np.int32).reshape(2, 3, 4))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


(HERE / "blocks.json").write_text(json.dumps(blocks(np.random.default_rng(23)), indent=0) + "\n")
file(HERE / "all-values.gguf")
