"""Stands in for PEFT, of which SkyRL's JAX backend uses one thing: it writes the configuration of an adapter."""

import json
from pathlib import Path

__version__ = "0.0.0+stand-in"


class LoraConfig:
    def __init__(self, **settings):
        self.settings = settings

    def save_pretrained(self, folder, **_):
        settings = {key: sorted(value) if isinstance(value, set) else value for key, value in self.settings.items()}
        text = json.dumps({"peft_type": "LORA", **settings}, indent=2, default=str)
        (Path(folder) / "adapter_config.json").write_text(text)
