"""Stands in for PyTorch, of which SkyRL's renderer names a type at import and nothing else on the path of text."""

__version__ = "0.0.0+stand-in"


class Tensor: ...
