"""Configuration of an exported checkpoint: ModelConfig.ts in the words of `transformers`."""

from transformers import PretrainedConfig


class AzrGptConfig(PretrainedConfig):
    model_type = "azr_gpt"

    def __init__(
        self,
        vocab_size=1,
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
        intermediate_size=32,
        max_position_embeddings=1,
        features=None,
        **kwargs,
    ):
        self.vocab_size = vocab_size
        self.hidden_size = hidden_size
        self.num_hidden_layers = num_hidden_layers
        self.num_attention_heads = num_attention_heads
        self.intermediate_size = intermediate_size
        self.max_position_embeddings = max_position_embeddings
        # [{"kind", "table", "size", and the tokens it counts by}]
        self.features = features or []
        super().__init__(**{"use_cache": False, "tie_word_embeddings": False, **kwargs})
