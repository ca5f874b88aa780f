"""Operation `literal`: the value of an expression that only builds data, for task inputs and answers.

The text is parsed, never executed: its tree is walked and everything that is not on the list below is refused.
That is wider than `ast.literal_eval` (a few constructors, `inf` as `repr` writes it, `-1 * (10 ** 9)`) because
proposers write such inputs, and narrower than `eval` in every way that matters. An answer ("value") may use
constructors as notation only: `Counter({'a': 2})` is one, `Counter('aa')`, `1 + 1` and `sorted` leave to the executor
what the solver was asked for.
"""

from private import BUILTINS as __builtins__

import ast
from collections import Counter, OrderedDict, defaultdict

import values

MAX_INTEGER_BITS = 4096
MAX_SEQUENCE = 65_536

_FACTORIES = {kind.__name__: kind for kind in (int, float, str, bool, list, dict, set, tuple)}
# Name -> (constructor, most positional arguments, keyword arguments allowed).
_CONSTRUCTORS = {
    "dict": (dict, 1, True),
    "set": (set, 1, False),
    "frozenset": (frozenset, 1, False),
    "list": (list, 1, False),
    "tuple": (tuple, 1, False),
    "int": (int, 2, False),
    "float": (float, 1, False),
    "complex": (complex, 2, False),
    "bool": (bool, 1, False),
    "str": (str, 1, False),
    "bytes": (bytes, 1, False),
    "Counter": (Counter, 1, True),
    "OrderedDict": (OrderedDict, 1, True),
    "defaultdict": (defaultdict, 2, True),
}
_FROM_COLLECTIONS = {"Counter", "OrderedDict", "defaultdict"}
_NUMBERS = (int, float, complex)


class Refused(Exception):
    """The text is an expression, but not one that only builds data."""


def literal(request):
    """Answer of `{"op": "literal", "text", "as": "arguments" | "value", "outputBytes"?}` as JSON."""
    limit = request.get("outputBytes", 65_536)
    try:
        if request["as"] == "arguments":
            built = [_Builder(computes=True).build(node) for node in _arguments(request["text"])]
        else:
            built = _Builder(computes=False).build(_expression(request["text"]))
        return '{"ok":' + values.encode(built, limit) + "}"
    except SyntaxError as error:
        return _failure("syntax", error.msg)
    except (RecursionError, MemoryError):
        return _failure("syntax", "nested too deeply")
    except Refused as error:
        return _failure("refused", str(error))
    except values.Unrepresentable as error:
        return _failure("unrepresentable", str(error))
    except values.TooLong:
        return _failure("output", "longer than " + str(limit) + " bytes")
    except (TypeError, ValueError, ArithmeticError) as error:
        return _failure("refused", type(error).__name__ + ": " + str(error))


def _failure(kind, message):
    return '{"fail":{"kind":"' + kind + '","message":' + values.encode_basestring(message[:200]) + "}}"


def _parse(text):
    try:
        return ast.parse(text, mode="eval").body
    except ValueError as error:  # null bytes, lone surrogates
        raise SyntaxError(str(error)) from None


def _expression(text):
    return _parse(text.strip())


def _arguments(text):
    """The nodes of `text` as an argument list.

    The text stands between `_(` and a line with `)`. Only if that parses as one call of the name `_` are those
    two the brackets of the call: `1) if x else (2` or `1)(2` give another tree.
    """
    call = _parse("_(" + text + "\n)")
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "_"):
        raise SyntaxError("not an argument list")
    if call.keywords:
        raise Refused("keyword arguments: write the arguments in order")
    return call.args


class _Builder:
    """Builds the value of a node. `computes` says whether arithmetic and conversions are allowed."""

    def __init__(self, computes):
        self.computes = computes

    def build(self, node):
        match node:
            case ast.Constant(value=value):
                if value is ...:
                    raise Refused("an ellipsis is not data")
                return value
            case ast.List(elts=elements):
                return [self.build(element) for element in elements]
            case ast.Tuple(elts=elements):
                return tuple([self.build(element) for element in elements])
            case ast.Set(elts=elements):
                return {self.build(element) for element in elements}
            case ast.Dict(keys=keys, values=elements):
                if None in keys:
                    raise Refused("unpacking with **")
                return {self.build(key): self.build(element) for key, element in zip(keys, elements)}
            case ast.UnaryOp(op=operation, operand=operand):
                if not self.computes and not isinstance(operation, (ast.USub, ast.UAdd)):
                    raise Refused("arithmetic in an answer")
                return _unary(operation, self.number(operand))
            case ast.BinOp(left=left, op=operation, right=right):
                values = self.number(left), self.number(right)
                if not self.computes and not _is_complex(node, *values):
                    raise Refused("arithmetic in an answer")
                return _bounded(_binary(values[0], operation, values[1]))
            case ast.Call():
                return self.construct(node)
            case ast.Name(id="inf" | "nan" as name):  # as `repr` writes them
                return float(name)
        raise Refused(type(node).__name__ + " does not only build data")

    def number(self, node):
        value = self.build(node)
        if type(value) not in _NUMBERS:
            raise Refused("arithmetic on something that is not a number")
        return value

    def construct(self, node):
        name = _constructor_name(node.func)
        if name not in _CONSTRUCTORS:
            raise Refused("call of " + name)
        constructor, most, keywords_allowed = _CONSTRUCTORS[name]
        if len(node.args) > most:
            raise Refused(name + " takes at most " + str(most) + " arguments here")
        if node.keywords and not keywords_allowed:
            raise Refused(name + " takes no keyword arguments here")
        if any(keyword.arg is None for keyword in node.keywords):
            raise Refused("unpacking with **")
        nodes, arguments = node.args, []
        if name == "defaultdict" and nodes:
            arguments.append(_factory(nodes[0]))
            nodes = nodes[1:]
        data = [self.build(argument) for argument in nodes]
        if not self.computes and not _is_notation(name, data):
            raise Refused(name + " computes, and an answer may not")
        arguments += data
        if constructor is bytes and arguments and type(arguments[0]) is int and arguments[0] > MAX_SEQUENCE:
            raise Refused("bytes too long")
        return constructor(*arguments, **{keyword.arg: self.build(keyword.value) for keyword in node.keywords})


def _is_complex(node, left, right):
    """Whether this is how a complex number is written: `1+2j`, `-1.5-2j`."""
    if not isinstance(node.op, (ast.Add, ast.Sub)) or isinstance(node.left, ast.BinOp):
        return False
    return type(left) in (int, float) and isinstance(node.right, ast.Constant) and type(right) is complex


def _is_notation(name, data):
    """Whether a constructor of this data only writes down what has no other notation."""
    if not data:
        return True
    first = data[0]
    match name:
        case "set" | "frozenset":
            return type(first) in (list, tuple, set)
        case "float":
            return type(first) is str and first.strip().lower().lstrip("+-") in ("inf", "infinity", "nan")
        case "complex":
            return all(type(part) in (int, float) for part in data)
        case "bytes":
            return type(first) in (bytes, list)
        case "Counter":
            return type(first) is dict
        case "dict" | "OrderedDict" | "defaultdict":
            return type(first) in (dict, list)
    return False


def _unary(operation, value):
    match operation:
        case ast.USub():
            return -value
        case ast.UAdd():
            return +value
        case ast.Invert() if type(value) is int:
            return ~value
    raise Refused("operator " + type(operation).__name__)


def _binary(left, operation, right):
    match operation:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
        case ast.Div():
            return left / right
        case ast.FloorDiv():
            return left // right
        case ast.Mod():
            return left % right
        case ast.Pow():
            if type(left) is int and type(right) is int and left.bit_length() * abs(right) > MAX_INTEGER_BITS:
                raise Refused("power too large")
            return left**right
    raise Refused("operator " + type(operation).__name__)


def _bounded(value):
    if type(value) is int and value.bit_length() > MAX_INTEGER_BITS:
        raise Refused("integer too large")
    return value


def _constructor_name(function):
    match function:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id="collections"), attr=name) if name in _FROM_COLLECTIONS:
            return name
    raise Refused("call of " + ast.unparse(function)[:60])


def _factory(node):
    match node:
        case ast.Constant(value=None):
            return None
        case ast.Name(id=name) if name in _FACTORIES:
            return _FACTORIES[name]
    raise Refused("default factory")
