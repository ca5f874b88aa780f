"""The step that torchParity.ts wrote to a folder, computed again by PyTorch in float64, and the differences."""

import json
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import safe_open

LIMIT = 1e-4


def load(path):
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name).double() for name in file.keys()}, file.metadata()


def feature_rows(feature, tokens, offset):
    """The definitions in src/model/ModelConfig.ts."""
    rows, count, closed, last = [], 0, False, feature["size"] - 1
    markers = dict(feature.get("markers", []))
    for token in tokens:
        if feature["_tag"] == "listIndex":
            count = 1 if token == feature["open"] else count + 1 if count and not closed else 0
            closed = token == feature["close"]
            rows.append(min(count, last))
        elif feature["_tag"] == "lastMarker":
            count = markers.get(token, count)
            rows.append(count)
        else:
            count = markers.get(token, count + (token == feature["separator"]))
            rows.append(min(count + offset, last))
    return torch.tensor(rows)


def logprobs(p, config, sequence):
    tokens = sequence["tokens"]
    inputs = torch.tensor(tokens[:-1])
    length, width, heads = len(inputs), config["width"], config["heads"]
    positions = (torch.arange(length) + sequence["positionOffset"]).clamp(max=config["context"] - 1)
    x = p["embed.token.weight"][inputs] + p["embed.position.weight"][positions]
    for feature in config["features"]:
        x = x + p[f"embed.{feature['table']}.weight"][feature_rows(feature, tokens[:-1], sequence["statementOffset"])]

    def norm(name, x):
        return F.layer_norm(x, (width,), p[f"{name}.weight"], p[f"{name}.bias"])

    for layer in range(config["layers"]):
        block = f"blocks.{layer}"
        qkv = F.linear(norm(f"{block}.norm1", x), p[f"{block}.attention.qkv.weight"])
        q, k, v = qkv.view(length, 3, heads, width // heads).permute(1, 2, 0, 3)
        attended = F.scaled_dot_product_attention(q[None], k[None], v[None], is_causal=True)[0]
        x = x + F.linear(attended.transpose(0, 1).reshape(length, width), p[f"{block}.attention.out.weight"])
        hidden = F.relu(F.linear(norm(f"{block}.norm2", x), p[f"{block}.mlp.up.weight"])).square()
        x = x + F.linear(hidden, p[f"{block}.mlp.down.weight"])
    logits = F.linear(norm("norm", x), p["embed.token.weight"])
    return F.log_softmax(logits, -1).gather(1, torch.tensor(tokens[1:])[:, None])[:, 0]


def main(folder):
    step = json.loads((folder / "step.json").read_text())
    parameters, metadata = load(folder / "before.safetensors")
    after, _ = load(folder / "after.safetensors")
    gradient, _ = load(folder / "gradient.safetensors")
    config, adam = json.loads(metadata["config"]), step["adam"]
    for tensor in parameters.values():
        tensor.requires_grad_()
    before = {name: tensor.detach().clone() for name, tensor in parameters.items()}
    optimizer = torch.optim.AdamW(
        parameters.values(),
        lr=adam["learningRate"],
        betas=(adam["beta1"], adam["beta2"]),
        eps=adam["epsilon"],
        weight_decay=adam["weightDecay"],
    )
    loss = sum(
        -(torch.tensor(sequence["weights"][1:]).double() * logprobs(parameters, config, sequence)).sum()
        for sequence in step["sequences"]
    )
    loss.backward()
    errors = {"loss": abs(step["loss"] - loss.item()) / abs(loss.item())}

    def relative(ours, theirs):
        return max(((ours[n] - theirs[n]).abs().max() / theirs[n].abs().max()).item() for n in theirs)

    errors["gradient"] = relative(gradient, {name: tensor.grad for name, tensor in parameters.items()})
    norm = torch.nn.utils.clip_grad_norm_(parameters.values(), adam["gradClip"]).item()
    errors["gradient norm"] = abs(step["gradNorm"] - norm) / norm
    optimizer.step()
    # Where a gradient is near 0, the first update of Adam is its sign: compare where it is not.
    moved = {n: (t.detach() - before[n]) * (t.grad.abs() > 1e-6) for n, t in parameters.items()}
    ours = {n: (after[n] - before[n]) * (parameters[n].grad.abs() > 1e-6) for n in moved}
    errors["update"] = relative(ours, moved)

    for what, error in errors.items():
        print(f"{what}: largest relative difference to torch {torch.__version__} in float64: {error:.1e}")
    return 0 if max(errors.values()) < LIMIT else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
