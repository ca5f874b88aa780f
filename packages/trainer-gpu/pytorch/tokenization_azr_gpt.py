"""PieceTokenizer.ts for `transformers`: from left to right the longest piece that matches, separators skipped."""

import json
import os

from transformers import PreTrainedTokenizer

SEPARATORS = " ,\n"
FILE = "pieces.json"


class AzrGptTokenizer(PreTrainedTokenizer):
    vocab_files_names = {"pieces_file": FILE}
    model_input_names = ["input_ids", "attention_mask"]

    def __init__(self, pieces_file, **kwargs):
        with open(pieces_file, encoding="utf-8") as file:
            self.vocabulary = json.load(file)
        self.pieces = self.vocabulary["pieces"]
        self.ids = {piece: token for token, piece in enumerate(self.pieces)}
        self.longest_first = sorted(self.pieces, key=len, reverse=True)
        self.numbers = {self.pieces[token] for token in self.vocabulary["numbers"]}
        self.markers = {self.pieces[token] for token in self.vocabulary["markers"]}
        super().__init__(**kwargs)

    @property
    def vocab_size(self):
        return len(self.pieces)

    def get_vocab(self):
        return dict(self.ids)

    def tokenize(self, text, **kwargs):
        pieces, position = [], 0
        while position < len(text):
            piece = next((p for p in self.longest_first if text.startswith(p, position)), None)
            if piece is not None:
                pieces.append(piece)
                position += len(piece)
            elif text[position] in SEPARATORS:
                position += 1
            else:
                raise ValueError(f"no piece of the vocabulary begins at character {position}: {text[position:][:20]!r}")
        return pieces

    def _convert_token_to_id(self, token):
        return self.ids[token]

    def _convert_id_to_token(self, index):
        return self.pieces[index]

    def convert_tokens_to_string(self, tokens):
        text, previous = "", None
        for token in tokens:
            if previous is not None:
                if previous in self.markers or token in self.markers:
                    text += " "
                elif previous in self.numbers and token in self.numbers:
                    text += ","
            text += token
            previous = token
        return text

    def _decode(self, token_ids, skip_special_tokens=False, **kwargs):
        ids = [token_ids] if isinstance(token_ids, int) else list(token_ids)
        special = set(self.all_special_ids) if skip_special_tokens else set()
        return self.convert_tokens_to_string([self.pieces[token] for token in ids if token not in special])

    def save_vocabulary(self, save_directory, filename_prefix=None):
        name = os.path.join(save_directory, (f"{filename_prefix}-" if filename_prefix else "") + FILE)
        with open(name, "w", encoding="utf-8") as file:
            json.dump(self.vocabulary, file, ensure_ascii=False)
        return (name,)
