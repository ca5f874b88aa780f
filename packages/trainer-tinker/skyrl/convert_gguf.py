"""Converts a Llama in GGUF with a byte-level BPE tokenizer to a model folder in the layout of Hugging Face, in float32.

usage: convert_gguf.py FILE FOLDER

Weights that are quantized become what they stand for; they stay as coarse as they are. Made for SmolLM2, whose digits are
tokens of their own (`smollm` in the file); another pre-tokenizer is refused.
"""

import json
import sys
from pathlib import Path

import numpy as np
from gguf import GGUFReader, TokenType
from gguf.quants import dequantize
from safetensors.numpy import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

# GGUF's names of the tensors in a layer and Hugging Face's.
IN_LAYER = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
OUTSIDE = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}


def main() -> None:
    reader = GGUFReader(sys.argv[1])
    folder = Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)

    def read(key: str, default=None):
        field = reader.fields.get(key)
        if field is None and default is None:
            raise SystemExit(f"{sys.argv[1]}: no {key}")
        return default if field is None else field.contents()

    architecture, split = read("general.architecture"), read("tokenizer.ggml.pre")
    if architecture != "llama" or split != "smollm":
        raise SystemExit(f"{sys.argv[1]}: a {architecture} whose text is cut like {split}; this reads llama and smollm")
    heads, key_heads = read("llama.attention.head_count"), read("llama.attention.head_count_kv")
    hidden = read("llama.embedding_length")

    tensors = {}
    for tensor in reader.tensors:
        stem, _, suffix = tensor.name.rpartition(".")
        weights = dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        if stem.startswith("blk."):
            _, layer, name = stem.split(".")
            if name in ("attn_q", "attn_k"):
                weights = halves_apart(weights, heads if name == "attn_q" else key_heads)
            tensors[f"model.layers.{layer}.{IN_LAYER[name]}.{suffix}"] = weights
        else:
            tensors[f"{OUTSIDE[stem]}.{suffix}"] = weights
    save_file(
        {name: np.ascontiguousarray(weights) for name, weights in tensors.items()},
        folder / "model.safetensors",
        metadata={"format": "pt"},
    )

    tokens, end = read("tokenizer.ggml.tokens"), read("tokenizer.ggml.eos_token_id")
    begin, pad = read("tokenizer.ggml.bos_token_id"), read("tokenizer.ggml.padding_token_id", end)
    types = read("tokenizer.ggml.token_type")
    save_tokenizer(folder / "tokenizer.json", tokens, read("tokenizer.ggml.merges"), types)
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": len(tokens),
        "hidden_size": hidden,
        "intermediate_size": read("llama.feed_forward_length"),
        "num_hidden_layers": read("llama.block_count"),
        "num_attention_heads": heads,
        "num_key_value_heads": key_heads,
        "head_dim": hidden // heads,
        "hidden_act": "silu",
        "max_position_embeddings": read("llama.context_length"),
        "rms_norm_eps": read("llama.attention.layer_norm_rms_epsilon"),
        "rope_theta": read("llama.rope.freq_base"),
        "tie_word_embeddings": "lm_head.weight" not in tensors,
        "attention_bias": False,
        "mlp_bias": False,
        "attention_dropout": 0.0,
        "use_cache": True,
        "bos_token_id": begin,
        "eos_token_id": end,
        "pad_token_id": pad,
        "dtype": "float32",
    }
    special = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": tokens[begin],
        "eos_token": tokens[end],
        "pad_token": tokens[pad],
        "model_max_length": config["max_position_embeddings"],
        "clean_up_tokenization_spaces": False,
        "chat_template": read("tokenizer.chat_template"),
    }
    for name, content in [
        ("config.json", config),
        ("generation_config.json", {"bos_token_id": begin, "eos_token_id": end, "pad_token_id": pad}),
        ("tokenizer_config.json", special),
    ]:
        (folder / name).write_text(json.dumps(content, indent=2) + "\n")
    parameters = sum(weights.size for weights in tensors.values())
    print(f"{parameters} parameters, {len(tokens)} tokens, from {reader.tensors[0].tensor_type.name} and others")


def halves_apart(weights: np.ndarray, heads: int) -> np.ndarray:
    """GGUF has the two numbers that are rotated together beside each other, Hugging Face half a head apart."""
    pairs = weights.reshape(heads, weights.shape[0] // heads // 2, 2, -1)
    return pairs.swapaxes(1, 2).reshape(weights.shape)


def save_tokenizer(file: Path, tokens: list[str], merges: list[str], types: list[int]) -> None:
    vocabulary = {token: index for index, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocabulary, [tuple(merge.split(" ")) for merge in merges]))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(
        [
            AddedToken(token, normalized=False, special=True)
            for token, kind in zip(tokens, types, strict=True)
            if kind == TokenType.CONTROL
        ]
    )
    tokenizer.save(str(file))


main()
