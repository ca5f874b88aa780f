"""The model of ModelConfig.ts for `transformers`: travels with an exported checkpoint, loaded with trust_remote_code.

A pre-norm decoder (LayerNorm, causal attention, MLP of squared ReLU, no biases in linear layers, head tied to the token
embedding). The embedding of a token is a sum of rows: its own, its position's, and one for each structural feature, a
number that every token has as a function of the tokens up to it. So a whole sequence goes in at once; there is no cache.
"""

import torch
import torch.nn.functional as F
from torch import nn
from transformers import GenerationMixin, PreTrainedModel
from transformers.modeling_outputs import CausalLMOutput

from .configuration_azr_gpt import AzrGptConfig
from .structural_features import feature_rows


class Embeddings(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.features = config.features
        self.token = nn.Embedding(config.vocab_size, config.hidden_size)
        self.position = nn.Embedding(config.max_position_embeddings, config.hidden_size)
        for feature in config.features:
            self.add_module(feature["table"], nn.Embedding(feature["size"], config.hidden_size))

    def forward(self, tokens):
        positions = torch.arange(tokens.shape[1], device=tokens.device).clamp(max=self.position.num_embeddings - 1)
        x = self.token(tokens) + self.position(positions)
        sequences = tokens.tolist()
        for feature in self.features:
            rows = [feature_rows(feature["kind"], feature, sequence) for sequence in sequences]
            x = x + getattr(self, feature["table"])(torch.tensor(rows, device=tokens.device))
        return x


class Attention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.heads = config.num_attention_heads
        self.qkv = nn.Linear(config.hidden_size, 3 * config.hidden_size, bias=False)
        self.out = nn.Linear(config.hidden_size, config.hidden_size, bias=False)

    def forward(self, x):
        batch, length, width = x.shape
        q, k, v = self.qkv(x).view(batch, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(attended.transpose(1, 2).reshape(batch, length, width))


class Mlp(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.up = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.down = nn.Linear(config.intermediate_size, config.hidden_size, bias=False)

    def forward(self, x):
        return self.down(F.relu(self.up(x)).square())


class Block(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.norm1 = nn.LayerNorm(config.hidden_size)
        self.attention = Attention(config)
        self.norm2 = nn.LayerNorm(config.hidden_size)
        self.mlp = Mlp(config)

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class AzrGptForCausalLM(PreTrainedModel, GenerationMixin):
    config_class = AzrGptConfig
    main_input_name = "input_ids"
    _supports_sdpa = True

    def __init__(self, config):
        super().__init__(config)
        self.embed = Embeddings(config)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.num_hidden_layers))
        self.norm = nn.LayerNorm(config.hidden_size)
        self.post_init()

    def get_input_embeddings(self):
        return self.embed.token

    def set_input_embeddings(self, value):
        self.embed.token = value

    def prepare_inputs_for_generation(self, input_ids, attention_mask=None, **kwargs):
        return {"input_ids": input_ids, "attention_mask": attention_mask}

    def forward(self, input_ids, attention_mask=None, labels=None, **kwargs):
        """Padding stands after the tokens, where causal attention never looks; before them it is refused."""
        if attention_mask is not None and not bool(attention_mask[:, 0].all()):
            raise ValueError("pad on the right: positions and structural features count from the first token")
        x = self.embed(input_ids)
        for block in self.blocks:
            x = block(x)
        logits = F.linear(self.norm(x), self.embed.token.weight)
        loss = None
        if labels is not None:
            loss = F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), ignore_index=-100)
        return CausalLMOutput(loss=loss, logits=logits)
