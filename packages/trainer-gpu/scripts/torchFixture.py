"""Writes test/torch.safetensors: a small model, a batch, and what PyTorch makes of them in float64.

    python3 scripts/torchFixture.py

Losses, log-probabilities and gradients of every policy loss, one of them with entropy bonus and KL penalty, and the
parameters after three updates by AdamW. The file is committed; the tests compare every engine with it.
"""

import json
import sys
from pathlib import Path

import torch

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "pytorch"))
from gpt import (  # noqa: E402
    Gpt,
    initial_parameters,
    kl_estimates,
    pad_numbers,
    pad_rows,
    token_losses,
    write_safetensors,
)

PIECES = ["<pad>", "<eos>", "D", "P", "I", "O", "[", "]", ";", *(str(n) for n in range(15))]
MARKERS = [2, 3, 4, 5]
CONFIG = {
    "layers": 2,
    "width": 16,
    "heads": 2,
    "mlpRatio": 4,
    "context": 24,
    "features": [
        {"_tag": "listIndex", "table": "listIndex", "size": 5, "open": 6, "close": 7},
        {"_tag": "lastMarker", "table": "lastMarker", "size": 4, "markers": [[m, m - 2] for m in MARKERS]},
        {
            "_tag": "statementCount",
            "table": "statement",
            "size": 4,
            "separator": 8,
            "markers": [[2, 1], [3, 1], [4, 0]],
            "descending": [[5, 1]],
        },
    ],
    "vocabulary": {"pieces": PIECES, "numbers": list(range(9, 24)), "markers": [0, 1, *MARKERS], "stops": [1]},
}
CASES = {
    "crossEntropy": {"loss": {"_tag": "crossEntropy"}},
    "importanceSampling": {"loss": {"_tag": "importanceSampling"}},
    "ppo": {"loss": {"_tag": "ppo", "clipLow": 0.2, "clipHigh": 0.28, "dualClip": 3}},
    "cispo": {"loss": {"_tag": "cispo", "clipLow": 0.2, "clipHigh": 0.28}},
    "regularized": {
        "loss": {"_tag": "ppo", "clipLow": 0.2, "clipHigh": 0.2, "dualClip": None},
        "regularization": {"entropy": 0.05, "kl": {"estimator": "k3", "coefficient": 0.1}},
    },
}
# ε well above the rounding of float32: below it the first updates are the sign of a gradient, whatever its size.
ADAM = {"learningRate": 1e-2, "beta1": 0.9, "beta2": 0.98, "epsilon": 1e-4, "weightDecay": 0.01, "gradClip": 1.0}
LENGTHS = [2, 5, 9, 12, 24, 17, 8, 3]


def evaluate(model, sequences, case):
    """The loss, to be differentiated, and the log-probabilities."""
    indices, targets = pad_rows(CONFIG, sequences)
    numbers = {
        name: pad_numbers(sequences, name, torch.float64)
        for name in ("weights", "advantages", "logprobs", "referenceLogprobs")
    }
    every = torch.log_softmax(model.logits(indices), -1)
    logprobs = every.gather(-1, targets[..., None])[..., 0]
    losses = token_losses(case["loss"], logprobs, numbers["logprobs"], numbers["advantages"])
    if "regularization" in case:
        entropy, kl = case["regularization"]["entropy"], case["regularization"]["kl"]
        losses = losses - entropy * -(every.exp() * every).sum(-1)
        distance = kl_estimates(kl["estimator"], logprobs, numbers["referenceLogprobs"])
        losses = losses + kl["coefficient"] * distance
    return (numbers["weights"] * losses).sum(), logprobs


def make_batch(model, generator):
    def uniform(low, high, count):
        return (low + (high - low) * torch.rand(count, generator=generator, dtype=torch.float64)).tolist()

    sequences = []
    for i, length in enumerate(LENGTHS):
        tokens = torch.randint(len(PIECES), (length,), generator=generator).tolist()
        weights = [0.0, *(w if w > 0.25 else 0.0 for w in uniform(0, 1, length - 1))]
        zeros = [0.0] * length
        sequences.append(
            {
                "tokens": tokens,
                "weights": weights,
                "advantages": uniform(-2, 2, length),
                "logprobs": zeros,
                "referenceLogprobs": zeros,
                "positionOffset": 3 * (i % 3),
                "statementOffset": i % 2,
            }
        )
    # Old log-probabilities around the policy's own, so that some ratios are clipped and some are not.
    _, logprobs = evaluate(model, sequences, CASES["crossEntropy"])
    for sequence, own in zip(sequences, logprobs.tolist()):
        length = len(sequence["tokens"])
        for name, spread in (("logprobs", 1.5), ("referenceLogprobs", 0.5)):
            noise = uniform(-spread, spread, length)
            sequence[name] = [0.0, *(own[t] + noise[t] for t in range(length - 1))]
    return sequences


def main(file):
    generator = torch.Generator().manual_seed(20)
    start = initial_parameters(CONFIG, generator)
    parameters = {name: tensor.double().requires_grad_() for name, tensor in start.items()}
    model = Gpt(CONFIG, parameters)
    with torch.no_grad():
        sequences = make_batch(model, generator)
    tensors = {f"parameter.{name}": tensor for name, tensor in start.items()}
    cases = {}
    for name, case in CASES.items():
        loss, logprobs = evaluate(model, sequences, case)
        gradient = torch.autograd.grad(loss, parameters.values())
        tensors |= {f"{name}.{tensor}": g for tensor, g in zip(parameters, gradient)}
        rows = [[0.0, *row[: len(s["tokens"]) - 1]] for row, s in zip(logprobs.tolist(), sequences)]
        cases[name] = {**case, "value": loss.item(), "logprobs": rows}

    optimizer = torch.optim.AdamW(
        parameters.values(),
        lr=ADAM["learningRate"],
        betas=(ADAM["beta1"], ADAM["beta2"]),
        eps=ADAM["epsilon"],
        weight_decay=ADAM["weightDecay"],
    )
    norms = []
    for case in list(CASES.values())[:3]:
        optimizer.zero_grad()
        evaluate(model, sequences, case)[0].backward()
        norms.append(torch.nn.utils.clip_grad_norm_(parameters.values(), ADAM["gradClip"]).item())
        optimizer.step()
    tensors |= {f"trained.{name}": tensor for name, tensor in parameters.items()}
    metadata = {
        "torch": torch.__version__,
        "config": json.dumps(CONFIG),
        "sequences": json.dumps(sequences),
        "cases": json.dumps(cases),
        "adam": json.dumps(ADAM),
        "gradNorms": json.dumps(norms),
    }
    write_safetensors(file, tensors, metadata)
    print(f"{file.name}: {file.stat().st_size} bytes, torch {torch.__version__}")


if __name__ == "__main__":
    main(HERE.parent / "test" / "torch.safetensors")
