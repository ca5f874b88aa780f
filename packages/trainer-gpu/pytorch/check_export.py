"""What `transformers` makes of an exported folder, in lines of JSON, for the comparison with the engine it came from.

First line out: {"version"} or {"missing"}, the package that is not there. In: {"sequences", "texts", "prompts", "maxTokens"};
out: {"logprobs", "tokens", "greedy"}: the log-probability of every token but the first of each sequence, the tokens of each
text with the text they decode to, and the greedy continuation of each prompt.
"""

import json
import sys


def main():
    try:
        import torch
        import transformers
        from transformers import AutoModelForCausalLM, AutoTokenizer
    except ImportError as error:
        say({"missing": error.name or "torch"})
        return
    say({"version": f"transformers {transformers.__version__}, torch {torch.__version__.split('+')[0]}"})
    question = json.loads(sys.stdin.readline())
    folder = sys.argv[1]
    model = AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=True).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=True)
    with torch.no_grad():
        logprobs = []
        for sequence in question["sequences"]:
            logits = model(torch.tensor([sequence])).logits[0, :-1].double()
            picked = torch.log_softmax(logits, -1).gather(1, torch.tensor(sequence[1:])[:, None])
            logprobs.append(picked[:, 0].tolist())
        tokens = []
        for text in question["texts"]:
            ids = tokenizer(text)["input_ids"]
            tokens.append({"ids": ids, "text": tokenizer.decode(ids, skip_special_tokens=True)})
        greedy = []
        for prompt in question["prompts"]:
            ids = torch.tensor([prompt])
            output = model.generate(ids, do_sample=False, max_new_tokens=question["maxTokens"], max_length=None)
            greedy.append(output[0, len(prompt) :].tolist())
    say({"logprobs": logprobs, "tokens": tokens, "greedy": greedy})


def say(answer):
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


main()
