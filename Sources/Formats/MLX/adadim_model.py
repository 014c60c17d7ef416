"""mlx-lm model whose linear layers may be quantized along their input channels.

MLX groups the weights of an output channel. Layers that are listed in config.json under "adadim" have groups inside an input
channel instead: their weight is stored transposed, [inputs, outputs], and multiplied without a transposition. All else is the
model of mlx_lm.models that config.json names. Needs mlx-lm with --trust-remote-code.
"""

import importlib
import json
import pathlib

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_map_with_path
from mlx_lm.utils import MODEL_REMAPPING

_CONFIG = json.loads((pathlib.Path(__file__).parent / "config.json").read_text())
# One model of mlx-lm may serve several types: "mistral" is computed by "llama".
_TYPE = MODEL_REMAPPING.get(_CONFIG["model_type"], _CONFIG["model_type"])
_MODEL = importlib.import_module("mlx_lm.models." + _TYPE)

ModelArgs = _MODEL.ModelArgs


class PerInputLinear(nn.Module):
    """y = x·Wᵀ + bias with W [outputs, inputs] stored as Wᵀ: codes, scales and biases of groups along the outputs."""

    def __init__(self, inputs, outputs, bits, group_size, bias):
        super().__init__()
        self.bits = bits
        self.group_size = group_size
        self.weight = mx.zeros((inputs, outputs * bits // 32), mx.uint32)
        self.scales = mx.zeros((inputs, outputs // group_size))
        self.biases = mx.zeros((inputs, outputs // group_size))
        if bias:
            self.bias = mx.zeros((outputs,))
        self.freeze()

    def __call__(self, x):
        y = mx.quantized_matmul(
            x,
            self.weight,
            self.scales,
            self.biases,
            transpose=False,
            group_size=self.group_size,
            bits=self.bits,
        )
        return y + self.bias if "bias" in self else y


class Model(_MODEL.Model):
    def __init__(self, args):
        super().__init__(args)

        def replaced(path, module):
            scheme = _CONFIG["adadim"].get(path)
            if scheme is None:
                return module
            outputs, inputs = module.weight.shape
            return PerInputLinear(inputs, outputs, scheme["bits"], scheme["group_size"], "bias" in module)

        leaves = self.leaf_modules()
        self.update_modules(tree_map_with_path(replaced, leaves, is_leaf=nn.Module.is_module))
