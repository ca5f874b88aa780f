"""Writes a tiny language model that answers in the right form, mostly, and knows nothing else.

usage: tiny_model.py FOLDER

A Qwen3 of two layers in the layout of Hugging Face, with a byte-level BPE tokenizer and a chat template. Its layers are
random. Its head is not: it is fitted, in closed form, so that the token after a token is distributed as in the sample
responses below. Such a model proposes programs that run and answers tasks by guessing, so that a self-play run on it
has something to reward in both roles after no training at all. A test needs no more, and this takes a second.
"""

import json
import sys
from collections import Counter
from itertools import pairwise, product
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

CONTEXT = 8192
VOCABULARY = 448
HIDDEN, LAYERS, HEADS, KEY_HEADS, HEAD, FEED_FORWARD = 64, 2, 4, 2, 16, 128
PAD, START, END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
ASSISTANT = "assistant\n"
# Words like those of prompts, so that these are not spelled letter by letter.
WORDS = """
Write a Python program and an input for it. Somebody else will get both, and has to work out by reasoning alone what it
returns, or to find an input that gives the output. A good task takes several steps of careful reasoning, and a capable
solver gets it right about half of the time. The program defines one top-level function with at least one parameter, and
always ends by returning a value made of numbers, strings, booleans and the usual containers. It may import from these
modules and from no others: math, itertools, functools, collections, string, heapq, statistics, fractions, decimal. What
stands between the parentheses of the call is an input: literals, several arguments separated by commas. Think first,
then write your answer in exactly this form. Give the returned value as a literal. Any input that does is right. Below
is an earlier task; yours must differ from it in what it computes, not only in names and numbers.
"""
TEMPLATE = (
    "{% for message in messages %}" + START + "{{ message['role'] }}\n{{ message['content'] }}" + END + "\n{% endfor %}"
    "{% if add_generation_prompt %}" + START + ASSISTANT + "{% endif %}"
)


def responses() -> list[str]:
    """Proposals and answers, in the form that the prompts ask for."""

    def answer(*blocks: tuple[str, str]) -> str:
        fenced = "\n".join(f"```{tag}\n{content}\n```" for tag, content in blocks)
        return f"<think>\n</think>\n<answer>\n{fenced}\n</answer>"

    proposals = [
        answer(("python", f"def f(x):\n    return x {operator} {number}"), ("input", str(value)))
        for operator, number, value in product("+-*", range(1, 6), range(10))
    ]
    answers = [answer((tag, str(value))) for tag, value in product(("output", "input"), range(10))]
    return proposals + answers * (len(proposals) // len(answers))


def tokenizer_for(texts: list[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    # Without the usual cut at words, whole lines of the form become single tokens.
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[PAD, START, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([*texts, *[ASSISTANT] * 100, *[WORDS.replace("\n", " ")] * 8], trainer)
    return tokenizer


def head_for(hidden: np.ndarray, tokenizer: Tokenizer, texts: list[str]) -> np.ndarray:
    """The smallest head whose logits after each token are the log-frequencies of what follows it."""
    begin, end = tokenizer.encode(ASSISTANT).ids[-1], tokenizer.token_to_id(END)
    counts = Counter(
        pair for text in texts for pair in pairwise([begin, *tokenizer.encode(text).ids, end])
    )
    known = sorted({previous for previous, _ in counts})
    if len(known) > HIDDEN:
        raise SystemExit(f"{len(known)} tokens have successors, a head of rank {HIDDEN} cannot fit them all")
    logits = np.zeros((len(known), len(hidden)))
    for (previous, following), count in counts.items():
        logits[known.index(previous), following] = count
    logits = np.log(logits / logits.sum(1, keepdims=True) + 1e-5)
    logits -= logits.mean(1, keepdims=True)
    return np.linalg.lstsq(hidden[known], logits, rcond=None)[0].T


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    texts = responses()
    tokenizer = tokenizer_for(texts)
    vocabulary = -(-tokenizer.get_vocab_size() // 64) * 64
    end, pad = tokenizer.token_to_id(END), tokenizer.token_to_id(PAD)

    random = np.random.default_rng(0)

    def weights(deviation: float, *shape: int) -> np.ndarray:
        return (random.standard_normal(shape) * deviation).astype(np.float32)

    def ones(size: int) -> np.ndarray:
        return np.ones(size, np.float32)

    embedding = weights(0.2, vocabulary, HIDDEN)
    normed = embedding / np.sqrt((embedding.astype(np.float64) ** 2).mean(1, keepdims=True) + 1e-6)
    tensors = {
        "model.embed_tokens.weight": embedding,
        "model.norm.weight": ones(HIDDEN),
        # As its columns lie in memory it would be written.
        "lm_head.weight": np.ascontiguousarray(head_for(normed, tokenizer, texts), np.float32),
    }
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}."
        # What a layer adds is small beside the embedding, so that the head sees the last token.
        tensors |= {
            f"{prefix}input_layernorm.weight": ones(HIDDEN),
            f"{prefix}post_attention_layernorm.weight": ones(HIDDEN),
            f"{prefix}self_attn.q_proj.weight": weights(0.05, HEADS * HEAD, HIDDEN),
            f"{prefix}self_attn.k_proj.weight": weights(0.05, KEY_HEADS * HEAD, HIDDEN),
            f"{prefix}self_attn.v_proj.weight": weights(0.05, KEY_HEADS * HEAD, HIDDEN),
            f"{prefix}self_attn.o_proj.weight": weights(0.005, HIDDEN, HEADS * HEAD),
            f"{prefix}self_attn.q_norm.weight": ones(HEAD),
            f"{prefix}self_attn.k_norm.weight": ones(HEAD),
            f"{prefix}mlp.gate_proj.weight": weights(0.05, FEED_FORWARD, HIDDEN),
            f"{prefix}mlp.up_proj.weight": weights(0.05, FEED_FORWARD, HIDDEN),
            f"{prefix}mlp.down_proj.weight": weights(0.005, HIDDEN, FEED_FORWARD),
        }

    config = {
        "architectures": ["Qwen3ForCausalLM"],
        "model_type": "qwen3",
        "vocab_size": vocabulary,
        "hidden_size": HIDDEN,
        "intermediate_size": FEED_FORWARD,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "num_key_value_heads": KEY_HEADS,
        "head_dim": HEAD,
        "hidden_act": "silu",
        "max_position_embeddings": CONTEXT,
        "rms_norm_eps": 1e-6,
        "rope_theta": 10000.0,
        "tie_word_embeddings": False,
        "attention_bias": False,
        "attention_dropout": 0.0,
        "use_cache": True,
        "use_sliding_window": False,
        "sliding_window": None,
        "max_window_layers": LAYERS,
        "eos_token_id": end,
        "bos_token_id": None,
        "pad_token_id": pad,
        "dtype": "float32",
    }
    special = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": END,
        "pad_token": PAD,
        "model_max_length": CONTEXT,
        "clean_up_tokenization_spaces": False,
        "chat_template": TEMPLATE,
    }
    for name, content in [
        ("config.json", config),
        ("generation_config.json", {"eos_token_id": end, "pad_token_id": pad}),
        ("tokenizer_config.json", special),
    ]:
        (folder / name).write_text(json.dumps(content, indent=2) + "\n")
    tokenizer.save(str(folder / "tokenizer.json"))
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    parameters = sum(tensor.size for tensor in tensors.values())
    print(f"{parameters} parameters, {tokenizer.get_vocab_size()} tokens")


main()
