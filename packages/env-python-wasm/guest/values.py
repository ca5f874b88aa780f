"""Canonical values: Python objects to and from "Value JSON".

    None, bool        null, true, false
    str               JSON string; lone surrogates are unrepresentable
    int               JSON integer when |n| <= 2^53 - 1, else {"int": "<decimal>"}
    float             {"float": "<repr>"}, with nan, inf, -inf and -0.0 as Python writes them
    list, tuple       [...], {"tuple": [...]}
    dict              {"dict": [[key, value], ...]} in insertion order
    set, frozenset    {"set": [...]}, {"frozenset": [...]} in any order: the host sorts
    bytes, complex    {"bytes": "<lowercase hex>"}, {"complex": ["<repr>", "<repr>"]}

Exact types only, told apart by identity, so that no code of the program runs while its value is read: a subclass
could answer every question about itself falsely, and so could the metaclass of a class that is looked up in a
dict. Three standard classes have one obvious plain form and become it: Counter, OrderedDict and defaultdict are
the dict of their items.
"""

from private import BUILTINS as __builtins__

from _json import encode_basestring
from collections import Counter, OrderedDict, defaultdict
from sys import get_int_max_str_digits, set_int_max_str_digits

MAX_DEPTH = 64
MAX_SAFE_INTEGER = 2**53 - 1


class Unrepresentable(Exception):
    """The value has no canonical form."""


class TooLong(Exception):
    """The canonical form is longer than the request allows."""


_keys, _items, _ordered_items = dict.keys, dict.items, OrderedDict.items
# Integers are written in pieces that are short enough for the part of CPython that is not written in Python.
_PIECE_DIGITS = 2000
_PIECE = 10**_PIECE_DIGITS


class _Writer:
    """Collects the pieces of one encoding and refuses as soon as they exceed the limit."""

    def __init__(self, limit):
        self.pieces = []
        self.left = limit

    def put(self, piece):
        self.left -= len(piece)
        if self.left < 0:
            raise TooLong
        self.pieces.append(piece)

    def value(self, value, depth):
        kind = type(value)
        if value is None:
            self.put("null")
        elif kind is bool:
            self.put("true" if value else "false")
        elif kind is int:
            self.integer(value)
        elif kind is str:
            self.text(value)
        elif kind is float:
            self.put('{"float":"' + repr(value) + '"}')
        elif kind is bytes:
            if len(value) * 2 > self.left:
                raise TooLong
            self.put('{"bytes":"' + value.hex() + '"}')
        elif kind is complex:
            self.put('{"complex":["' + repr(value.real) + '","' + repr(value.imag) + '"]}')
        elif kind is list:
            self.elements(value, "[", "]", depth)
        elif kind is tuple:
            self.elements(value, '{"tuple":[', "]}", depth)
        elif kind is dict or kind is Counter or kind is defaultdict:
            self.items(_items(value), depth)
        elif kind is OrderedDict:
            for key in _keys(value):  # its own iterator hashes the keys, so none may be an object of the program
                _Writer(self.left).value(key, depth)
            self.items(_ordered_items(value), depth)
        elif kind is set:
            self.elements(value, '{"set":[', "]}", depth)
        elif kind is frozenset:
            self.elements(value, '{"frozenset":[', "]}", depth)
        else:
            raise Unrepresentable("a value of type " + _class_name(kind) + " has no canonical form")

    def integer(self, value):
        if -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
            self.put(repr(value))
            return
        # One decimal digit is more than 3 bits: refuse before a conversion that is quadratic in the length.
        if value.bit_length() > 4 * self.left:
            raise TooLong
        self.put('{"int":"' + _decimal(value) + '"}')

    def text(self, value):
        if len(value) > self.left:
            raise TooLong
        if not value.isascii():
            # Neither codec asks the handlers of errors, which a program can replace.
            encoded = value.encode("utf-8", "replace")
            if encoded.decode("utf-8") != value:
                raise Unrepresentable("a str with lone surrogates has no canonical form")
            # Count bytes where they differ from characters; the piece itself is counted by `put`.
            self.left -= len(encoded) - len(value)
        self.put(encode_basestring(value))

    def elements(self, values, opening, closing, depth):
        self.enter(depth)
        if len(values) > self.left:
            raise TooLong
        small = [repr(value) for value in values if type(value) is int and -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER]
        if len(small) == len(values):
            self.put(opening + ",".join(small) + closing)
            return
        self.put(opening)
        separator = ""
        for value in values:
            self.put(separator)
            self.value(value, depth + 1)
            separator = ","
        self.put(closing)

    def items(self, items, depth):
        self.enter(depth)
        self.put('{"dict":[')
        separator = "["
        for key, value in items:
            self.put(separator)
            self.value(key, depth + 1)
            self.put(",")
            self.value(value, depth + 1)
            self.put("]")
            separator = ",["
        self.put("]}")

    def enter(self, depth):
        if depth >= MAX_DEPTH:
            raise Unrepresentable("nested deeper than " + str(MAX_DEPTH))


def _decimal(value):
    pieces, rest = [], abs(value)
    while rest >= _PIECE:
        rest, piece = divmod(rest, _PIECE)
        pieces.append(repr(piece).zfill(_PIECE_DIGITS))
    pieces.append(repr(rest))
    return ("-" if value < 0 else "") + "".join(pieces[::-1])


def _class_name(kind):
    """The name that `class` gave, whatever the metaclass says."""
    name = type.__dict__["__name__"].__get__(kind)
    return name if type(name) is str and name.isidentifier() else "?"


def encode(value, limit):
    """Value JSON of `value`, at most `limit` bytes of UTF-8. Raises Unrepresentable or TooLong."""
    writer = _Writer(limit)
    writer.value(value, 0)
    return "".join(writer.pieces)


def decode(value):
    """A fresh Python object for parsed Value JSON. Raises ValueError for anything else."""
    kind = type(value)
    if kind is list:
        return [element if type(element) is int else decode(element) for element in value]
    if kind is not dict:
        if value is None or kind in (bool, int, str):
            return value
        raise ValueError("not Value JSON: " + kind.__name__)
    if len(value) != 1:
        raise ValueError("not Value JSON: an object needs exactly one key")
    ((tag, content),) = value.items()
    if tag == "int":
        return _decode_integer(content)
    if tag == "float":
        return float(content)
    if tag == "tuple":
        return tuple(map(decode, content))
    if tag == "dict":
        return {decode(key): decode(element) for key, element in content}
    if tag == "set":
        return set(map(decode, content))
    if tag == "frozenset":
        return frozenset(map(decode, content))
    if tag == "bytes":
        return bytes.fromhex(content)
    if tag == "complex":
        return complex(float(content[0]), float(content[1]))
    raise ValueError("not Value JSON: unknown tag " + tag)


def _decode_integer(text):
    digits = get_int_max_str_digits()
    set_int_max_str_digits(0)
    try:
        return int(text)
    finally:
        set_int_max_str_digits(digits)
