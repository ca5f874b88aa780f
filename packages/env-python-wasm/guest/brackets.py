"""A syntax tree as one line of text, the way tree edit distances take it: `{Module{Expr{Name a}}}`.

A node is labelled by its kind and what it says itself: identifiers, operators, constants as `repr` writes them.
Different trees give different texts. So children that could be taken for those of the field before stand under
the name of their field: `a[:1]` is `{Subscript{Name a}{Slice{upper{Constant 1}}}}`.
"""

from private import BUILTINS as __builtins__

import ast

_SYMBOLS = dict(
    pair.split(":")
    for pair in (
        "Add:+ Sub:- Mult:* MatMult:@ Div:/ FloorDiv:// Mod:% Pow:** LShift:<< RShift:>> BitAnd:& BitOr:| "
        "BitXor:^ Invert:~ UAdd:+ USub:- Not:not And:and Or:or Eq:== NotEq:!= Lt:< LtE:<= Gt:> GtE:>= Is:is "
        "IsNot:is-not In:in NotIn:not-in"
    ).split()
)
# Fields whose nodes could be the field's before them, where they are optional or many.
_APART = frozenset("upper step vararg kwarg returns default_value".split())
_APART_LISTS = frozenset(
    "orelse finalbody posonlyargs kwonlyargs kw_defaults defaults decorator_list".split()
)
# Numbers that say nothing unless they differ from these.
_USUAL = {"level": 0, "conversion": -1, "simple": 1, "is_async": 0}
_escapes = str.maketrans({"\\": "\\\\", "{": "\\{", "}": "\\}"})


def brackets(tree):
    """Bracket notation of a tree; `{`, `}` and backslashes in labels are escaped by a backslash."""
    label, children = [type(tree).__name__], []
    for field in tree._fields:
        value = getattr(tree, field, None)
        if field == "value" and isinstance(tree, (ast.Constant, ast.MatchSingleton)):
            label.append(repr(value))
            continue
        many = type(value) is list
        inner = []
        for item in value if many else [] if value is None else [value]:
            kind = type(item).__name__
            if kind in _SYMBOLS:
                label.append(_SYMBOLS[kind])
            elif item is None:  # `**` among the keys of a dict, no default among the defaults
                inner.append("{None}")
            elif isinstance(item, ast.AST):
                inner += [] if isinstance(item, ast.expr_context) else [brackets(item)]
            elif _USUAL.get(field) != item:
                label.append(str(item))
        apart = inner and field in (_APART_LISTS if many else _APART)
        children += ["{" + field, *inner, "}"] if apart else inner
    return "{" + " ".join(label).translate(_escapes) + "".join(children) + "}"
