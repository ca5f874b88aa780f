"""The model of src/model/ModelConfig.ts in PyTorch, and its files: what the engines are checked against and measured by.

Needs torch and nothing else. Written as PyTorch is meant to be used: padded batches, fused attention, autograd.
"""

import functools
import json
import math
import struct

import torch
import torch.nn.functional as F
from structural_features import feature_rows


def read_safetensors(path):
    """Tensors by name (float32 ones only), and the metadata."""
    with open(path, "rb") as file:
        contents = file.read()
    (size,) = struct.unpack("<Q", contents[:8])
    header = json.loads(contents[8 : 8 + size])
    metadata = header.pop("__metadata__", {})
    buffer = bytearray(contents[8 + size :])

    def tensor(entry):
        first, end = entry["data_offsets"]
        flat = torch.frombuffer(buffer, dtype=torch.float32, count=(end - first) // 4, offset=first)
        return flat.reshape(entry["shape"]).clone()

    return {name: tensor(entry) for name, entry in header.items()}, metadata


def write_safetensors(path, tensors, metadata):
    header, data = {"__metadata__": metadata}, bytearray()
    for name, tensor in tensors.items():
        first = len(data)
        data += struct.pack(f"<{tensor.numel()}f", *tensor.flatten().tolist())
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [first, len(data)]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def tensor_shapes(config):
    """Names and shapes of the parameters, in the order of the engines."""
    width = config["width"]
    hidden = config["mlpRatio"] * width
    shapes = {
        "embed.token.weight": (len(config["vocabulary"]["pieces"]), width),
        "embed.position.weight": (config["context"], width),
    }
    for feature in config["features"]:
        shapes[f"embed.{feature['table']}.weight"] = (feature["size"], width)
    for i in range(config["layers"]):
        block = f"blocks.{i}"
        shapes |= {
            f"{block}.norm1.weight": (width,),
            f"{block}.norm1.bias": (width,),
            f"{block}.attention.qkv.weight": (3 * width, width),
            f"{block}.attention.out.weight": (width, width),
            f"{block}.norm2.weight": (width,),
            f"{block}.norm2.bias": (width,),
            f"{block}.mlp.up.weight": (hidden, width),
            f"{block}.mlp.down.weight": (width, hidden),
        }
    return shapes | {"norm.weight": (width,), "norm.bias": (width,)}


def index_rows(config, tokens, position_offset=0, statement_offset=0):
    """Rows of the embedding tables (token, position, features) for every token, [tables][tokens]."""
    last = config["context"] - 1
    positions = [min(i + position_offset, last) for i in range(len(tokens))]
    features = [
        feature_rows(feature["_tag"], feature, tokens, statement_offset) for feature in config["features"]
    ]
    return [tokens, positions, *features]


class Gpt:
    def __init__(self, config, parameters):
        self.config = config
        self.parameters = parameters
        names = ["token", "position", *(feature["table"] for feature in config["features"])]
        self.tables = [f"embed.{name}.weight" for name in names]

    def embed(self, indices):
        """indices: [tables, ...] → [..., width]."""
        parts = [F.embedding(rows, self.parameters[name]) for name, rows in zip(self.tables, indices)]
        return functools.reduce(torch.add, parts)

    def body(self, x, attend):
        """x: [batch, length, width]. `attend(layer, q, k, v)` gets and gives [batch, heads, length, head size]."""
        p, width, heads = self.parameters, self.config["width"], self.config["heads"]
        batch, length, _ = x.shape

        def norm(name, x):
            return F.layer_norm(x, (width,), p[f"{name}.weight"], p[f"{name}.bias"])

        for i in range(self.config["layers"]):
            block = f"blocks.{i}"
            qkv = F.linear(norm(f"{block}.norm1", x), p[f"{block}.attention.qkv.weight"])
            q, k, v = qkv.view(batch, length, 3, heads, width // heads).permute(2, 0, 3, 1, 4)
            attended = attend(i, q, k, v).transpose(1, 2).reshape(batch, length, width)
            x = x + F.linear(attended, p[f"{block}.attention.out.weight"])
            hidden = F.relu(F.linear(norm(f"{block}.norm2", x), p[f"{block}.mlp.up.weight"])).square()
            x = x + F.linear(hidden, p[f"{block}.mlp.down.weight"])
        return norm("norm", x)

    def logits(self, indices):
        """indices: [tables, batch, length] → [batch, length, vocabulary]; padding comes after the tokens."""

        def attend(_, q, k, v):
            return F.scaled_dot_product_attention(q, k, v, is_causal=True)

        return self.head(self.body(self.embed(indices), attend))

    def head(self, x):
        return F.linear(x, self.parameters["embed.token.weight"])


def pad_rows(config, sequences):
    """Sequences (dicts as in src/Engine.ts) as indices [tables, batch, length] and targets [batch, length]."""
    length = max(len(sequence["tokens"]) for sequence in sequences) - 1
    indices = torch.zeros(2 + len(config["features"]), len(sequences), length, dtype=torch.long)
    targets = torch.zeros(len(sequences), length, dtype=torch.long)
    for b, sequence in enumerate(sequences):
        tokens = sequence["tokens"]
        offsets = (sequence.get("positionOffset", 0), sequence.get("statementOffset", 0))
        rows = index_rows(config, tokens[:-1], *offsets)
        indices[:, b, : len(tokens) - 1] = torch.tensor(rows)
        targets[b, : len(tokens) - 1] = torch.tensor(tokens[1:])
    return indices, targets


def pad_numbers(sequences, name, dtype):
    """The numbers `name` of each sequence that speak of its predictions, padded by 0: [batch, length]."""
    length = max(len(sequence["tokens"]) for sequence in sequences) - 1
    numbers = torch.zeros(len(sequences), length, dtype=dtype)
    for b, sequence in enumerate(sequences):
        numbers[b, : len(sequence["tokens"]) - 1] = torch.tensor(sequence[name][1:], dtype=dtype)
    return numbers


def token_losses(loss, logprobs, sampled, advantages):
    """Policy losses of packages/core/src/PolicyLoss.ts, their gradients left to autograd."""
    ratio = torch.exp(logprobs - sampled)
    if loss["_tag"] == "crossEntropy":
        return -logprobs
    if loss["_tag"] == "importanceSampling":
        return -ratio * advantages
    bounded = ratio.clamp(1 - loss["clipLow"], 1 + loss["clipHigh"])
    if loss["_tag"] == "cispo":
        return -bounded.detach() * advantages * logprobs
    surrogate = torch.minimum(ratio * advantages, bounded * advantages)
    if loss["dualClip"] is not None:
        floor = torch.maximum(surrogate, loss["dualClip"] * advantages)
        surrogate = torch.where(advantages < 0, floor, surrogate)
    return -surrogate


def kl_estimates(estimator, logprobs, reference):
    d = logprobs - reference
    return {"k1": d, "k2": d.square() / 2, "k3": torch.exp(-d) - 1 + d}[estimator]


def initial_parameters(config, generator):
    """Normal numbers of the deviations in src/model/ModelConfig.ts; norms are moved a little off 1 and 0."""
    parameters = {}
    for name, shape in tensor_shapes(config).items():
        noise = torch.randn(shape, generator=generator)
        if name.startswith("embed."):
            parameters[name] = 0.1 * noise
        elif len(shape) == 1:
            parameters[name] = (1.0 if name.endswith("weight") else 0.0) + 0.1 * noise
        else:
            parameters[name] = noise / math.sqrt(shape[1])
    return parameters
