"""Whether a function ends by returning a value, as far as its statements show it."""

from private import BUILTINS as __builtins__

import ast

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)


def returns_value(function):
    """Whether the function itself, not one nested in it, has a `return`, and each with a value."""
    returns = [node for node in _own_nodes(function) if isinstance(node, ast.Return)]
    return bool(returns) and all(node.value is not None for node in returns)


def _own_nodes(function):
    pending = list(function.body)
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, _SCOPES):
            pending.extend(ast.iter_child_nodes(node))


def ends(body):
    """Whether no way through the statements reaches their end: each meets `return` or `raise`, or loops.

    Conditions count as undecided, but for `while True`. Exceptions count where a `try` handles them; a `with`
    is taken to hand them on.
    """
    return any(map(_ends, body))


def _ends(node):
    match node:
        case ast.Return() | ast.Raise():
            return True
        case ast.If(body=then, orelse=otherwise):
            return ends(then) and ends(otherwise)
        case ast.With(body=inner) | ast.AsyncWith(body=inner):
            return ends(inner)
        case ast.Try() | ast.TryStar():
            normal = ends(node.body) or ends(node.orelse)
            return ends(node.finalbody) or (normal and all(ends(handler.body) for handler in node.handlers))
        case ast.Match(cases=cases):
            return _irrefutable(cases[-1]) and all(ends(case.body) for case in cases)
        case ast.While(test=ast.Constant(value=value), body=inner) if value:
            return not _breaks(inner)
        case ast.For() | ast.AsyncFor() | ast.While():
            return ends(node.orelse) and not _breaks(node.body)
    return False


def _irrefutable(case):
    return case.guard is None and _takes_all(case.pattern)


def _takes_all(pattern):
    match pattern:
        case ast.MatchAs(pattern=inner):
            return inner is None or _takes_all(inner)
        case ast.MatchOr(patterns=patterns):
            return any(map(_takes_all, patterns))
    return False


def _breaks(body):
    """Whether a `break` in `body` leaves the loop that `body` belongs to."""
    for node in body:
        if isinstance(node, ast.Break):
            return True
        if isinstance(node, _SCOPES):
            continue
        # A `break` after `else` of an inner loop is the outer loop's.
        blocks = [] if isinstance(node, _LOOPS) else [getattr(node, "body", [])]
        blocks += [getattr(node, "orelse", []), getattr(node, "finalbody", [])]
        blocks += [inner.body for inner in (*getattr(node, "handlers", []), *getattr(node, "cases", []))]
        if any(map(_breaks, blocks)):
            return True
    return False
