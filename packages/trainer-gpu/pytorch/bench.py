"""PyTorch's part in `azr bench trainer`: the same model, weights and batches, in lines of JSON.

First line in: {"policy", "workload", "threads"}; out: {"version", "loss"}, the loss of the first update. Then for each
{"work": "train" | "sample", "seconds"} one {"tokens", "seconds", "cpuSeconds"}.

What a person would write who cares for speed: fused attention and AdamW, batches padded beforehand and cut into as many
chunks of like lengths as turn out fastest, a preallocated key-value cache, prompts read once for all of their samples.
"""

import json
import sys
import time

import torch
import torch.nn.functional as F

from gpt import Gpt, index_rows, pad_numbers, pad_rows, read_safetensors

TRAIN_CHUNKS = [1, 2, 4, 8]
SAMPLE_CHUNKS = [1, 4]


def main():
    opening = json.loads(sys.stdin.readline())
    torch.set_num_threads(opening["threads"])
    torch.manual_seed(1)
    parameters, metadata = read_safetensors(opening["policy"])
    config = json.loads(metadata["config"])
    with open(opening["workload"]) as file:
        workload = json.load(file)
    trainer = Trainer(config, parameters, workload)
    loss = trainer.update(trainer.plans[0])
    say({"version": f"PyTorch {torch.__version__.split('+')[0]}", "loss": loss})
    sampler = Sampler(trainer.model, workload)
    rounds = {"train": trainer.round, "sample": sampler.round}
    for line in sys.stdin:
        question = json.loads(line)
        work = rounds[question["work"]]
        start, cpu, tokens = time.perf_counter(), time.process_time(), 0
        while time.perf_counter() - start < question["seconds"]:
            tokens += work()
        say(
            {
                "tokens": tokens,
                "seconds": time.perf_counter() - start,
                "cpuSeconds": time.process_time() - cpu,
            }
        )


def say(answer):
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def fastest(run, options):
    """The option with the shortest run, after one to warm up."""

    def seconds(option):
        run(option)
        start = time.perf_counter()
        run(option)
        return time.perf_counter() - start

    return min(options, key=seconds)


class Trainer:
    def __init__(self, config, parameters, workload):
        self.adam = workload["adam"]
        self.model = Gpt(config, {name: tensor.requires_grad_() for name, tensor in parameters.items()})
        self.vocabulary = len(config["vocabulary"]["pieces"])
        self.optimizer = torch.optim.AdamW(
            parameters.values(),
            lr=self.adam["learningRate"],
            betas=(self.adam["beta1"], self.adam["beta2"]),
            eps=self.adam["epsilon"],
            weight_decay=self.adam["weightDecay"],
            fused=True,
        )
        sequences = sorted(workload["sequences"], key=lambda sequence: len(sequence["tokens"]))
        self.tokens = sum(len(sequence["tokens"]) for sequence in sequences)
        self.plans = [self.plan(config, sequences, count) for count in TRAIN_CHUNKS]
        self.fastest = None

    def plan(self, config, sequences, count):
        size = -(-len(sequences) // count)
        chunks = [sequences[i : i + size] for i in range(0, len(sequences), size)]
        return [(*pad_rows(config, chunk), pad_numbers(chunk, "weights", torch.float32)) for chunk in chunks]

    def update(self, plan):
        """One step of training on all sequences; gives the loss."""
        total = 0.0
        for indices, targets, weights in plan:
            logits = self.model.logits(indices).view(-1, self.vocabulary)
            losses = F.cross_entropy(logits, targets.view(-1), reduction="none")
            loss = torch.dot(weights.view(-1), losses)
            loss.backward()
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(self.model.parameters.values(), self.adam["gradClip"])
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return total

    def round(self):
        self.fastest = self.fastest or fastest(self.update, self.plans)
        self.update(self.fastest)
        return self.tokens


class Features:
    """The structural features of many sequences as they grow, a token each at a time."""

    def __init__(self, config, prompts, repeats):
        self.config = config
        vocabulary = len(config["vocabulary"]["pieces"])

        def table(pairs):
            values = torch.full((vocabulary,), -1, dtype=torch.long)
            for token, value in pairs:
                values[token] = value
            return values

        features = config["features"]
        self.values = [table(feature.get("markers", [])) for feature in features]
        self.descending = [table(feature.get("descending", [])) for feature in features]
        states = [[self.state(feature, prompt) for prompt in prompts] for feature in features]
        self.counts, self.highest, self.steps = (
            [torch.tensor([state[i] for state in own]).repeat_interleave(repeats) for own in states] for i in range(3)
        )

    @staticmethod
    def state(feature, tokens):
        """
        What the next token's row depends on: the index in an open list, the latest marker's value, or the count; of counts
        also the highest that went up so far, and by how much a separator changes it.
        """
        count, highest, step = 0, 0, 1
        markers, descending = dict(feature.get("markers", [])), dict(feature.get("descending", []))
        for token in tokens:
            if feature["_tag"] == "listIndex":
                count = 1 if token == feature["open"] else count + (count > 0)
                count = 0 if token == feature["close"] else count
                continue
            if token in markers:
                count, step = markers[token], 1
            elif token in descending:
                count, step = highest + descending[token], -1
            elif feature["_tag"] == "statementCount" and token == feature["separator"]:
                count = max(0, count + step)
            if step == 1:
                highest = max(highest, count)
        return count, highest, step

    def advance(self, tokens):
        rows = []
        for i, feature in enumerate(self.config["features"]):
            count = self.counts[i]
            if feature["_tag"] == "listIndex":
                count = torch.where(tokens == feature["open"], 1, count + (count > 0))
                rows.append(count.clamp(max=feature["size"] - 1))
                self.counts[i] = torch.where(tokens == feature["close"], 0, count)
                continue
            value, above = self.values[i][tokens], self.descending[i][tokens]
            if feature["_tag"] == "statementCount":
                count = (count + self.steps[i] * (tokens == feature["separator"])).clamp(min=0)
            count = torch.where(value >= 0, value, torch.where(above >= 0, self.highest[i] + above, count))
            rows.append(count.clamp(max=feature["size"] - 1))
            self.counts[i] = count
            self.steps[i] = torch.where(value >= 0, 1, torch.where(above >= 0, -1, self.steps[i]))
            self.highest[i] = torch.where(self.steps[i] == 1, torch.maximum(self.highest[i], count), self.highest[i])
        return rows


class Sampler:
    def __init__(self, model, workload):
        self.model = model
        self.prompts = workload["prompts"]
        self.repeats = workload["samplesPerPrompt"]
        self.new_tokens = workload["maxTokens"]
        self.fastest = None

    def round(self):
        self.fastest = self.fastest or fastest(self.draw, SAMPLE_CHUNKS)
        return self.draw(self.fastest)

    def draw(self, chunks):
        size = -(-len(self.prompts) // chunks)
        return sum(self.batch(self.prompts[i : i + size]) for i in range(0, len(self.prompts), size))

    @torch.inference_mode()
    def batch(self, prompts):
        """Draws the samples of prompts of one length; gives the number of tokens."""
        model, config, repeats = self.model, self.model.config, self.repeats
        rows, length = len(prompts) * repeats, len(prompts[0])
        heads, head_size = config["heads"], config["width"] // config["heads"]
        shape = (config["layers"], rows, heads, length + self.new_tokens, head_size)
        keys, values = torch.empty(shape), torch.empty(shape)

        def read(layer, q, k, v):
            keys[layer, :, :, :length] = k.repeat_interleave(repeats, 0)
            values[layer, :, :, :length] = v.repeat_interleave(repeats, 0)
            return F.scaled_dot_product_attention(q, k, v, is_causal=True)

        indices = torch.tensor([index_rows(config, prompt) for prompt in prompts]).transpose(0, 1)
        hidden = model.body(model.embed(indices), read)[:, -1].repeat_interleave(repeats, 0)
        features = Features(config, prompts, repeats)
        drawn, logprobs = [], []
        for position in range(length, length + self.new_tokens):
            every = torch.log_softmax(model.head(hidden), -1)
            tokens = torch.multinomial(every.exp(), 1)
            drawn.append(tokens)
            logprobs.append(every.gather(1, tokens))
            if position + 1 == length + self.new_tokens:
                break

            def attend(layer, q, k, v):
                keys[layer, :, :, position : position + 1] = k
                values[layer, :, :, position : position + 1] = v
                past = slice(0, position + 1)
                return F.scaled_dot_product_attention(q, keys[layer, :, :, past], values[layer, :, :, past])

            tokens = tokens[:, 0]
            indices = [tokens, torch.full_like(tokens, position), *features.advance(tokens)]
            hidden = model.body(model.embed([rows[:, None] for rows in indices]), attend)[:, 0]
        samples = torch.cat(drawn, 1).tolist()
        torch.cat(logprobs, 1).tolist()
        return sum(len(sample) for sample in samples)


if __name__ == "__main__":
    main()
