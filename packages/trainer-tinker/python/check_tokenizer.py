"""What `tokenizers` and `transformers` make of a model's tokenizer and chat template, for the comparison with this package.

One line of JSON in: {"folder", "controls", "variables", "prompts", "hostile", "texts", "samples"}. One out: {"missing"}, the package
that is not there, or {"version", "prompts", "hostile", "texts", "samples"}: the tokens of prompts by `apply_chat_template`; of those
whose messages name control tokens, by splitting the template's text at its own ones; of texts without control tokens; and the
texts of samples.
"""

import json
import os
import re
import sys

os.environ["HF_HUB_OFFLINE"] = "1"


def main():
    question = json.loads(sys.stdin.readline())
    try:
        import jinja2  # noqa: F401  (the templates need it)
        import tokenizers
        import transformers
    except ImportError as error:
        say({"missing": error.name or "transformers"})
        return
    folder = question["folder"]
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    with open(os.path.join(folder, "tokenizer.json"), encoding="utf-8") as file:
        specification = json.load(file)
    controls = {}
    for token in specification["added_tokens"]:
        if token["content"] in question["controls"]:
            controls[token["content"]] = token["id"]
            token["special"] = True
    text_only = tokenizers.Tokenizer.from_str(json.dumps(specification))
    text_only.encode_special_tokens = True
    by_length = sorted(map(re.escape, controls), key=len, reverse=True)
    boundary = re.compile(f"({'|'.join(by_length)})")

    def render(messages, tokenize):
        return tokenizer.apply_chat_template(
            messages,
            add_generation_prompt=True,
            tokenize=tokenize,
            **({"return_dict": False} if tokenize else {}),
            **question["variables"],
        )

    def of_text(text):
        return text_only.encode(text, add_special_tokens=False).ids

    def of_hostile(messages):
        names = {f"placeholder{index}end": message["content"] for index, message in enumerate(messages)}
        text = render([{**message, "content": name} for message, name in zip(messages, names)], False)
        tokens = []
        for part in boundary.split(text):
            if part in controls:
                tokens.append(controls[part])
                continue
            for name, content in names.items():
                part = part.replace(name, content)
            tokens += of_text(part)
        return tokens

    say(
        {
            "version": f"transformers {transformers.__version__}, tokenizers {tokenizers.__version__}",
            "prompts": [render(messages, True) for messages in question["prompts"]],
            "hostile": [of_hostile(messages) for messages in question["hostile"]],
            "texts": [of_text(text) for text in question["texts"]],
            "samples": [
                tokenizer.decode(sample, skip_special_tokens=False, clean_up_tokenization_spaces=False)
                for sample in question["samples"]
            ],
        }
    )


def say(answer):
    print(json.dumps(answer), flush=True)


main()
