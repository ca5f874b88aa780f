"""Halstead's counts (M. H. Halstead, "Elements of Software Science", 1977), read off the syntax tree.

    operands    names (of variables, parameters, functions, classes, attributes, keywords, modules) and constants
    operators   everything else that acts: statements, the operators themselves, calls, subscripts, attribute
                access, displays, comprehension clauses, patterns, each known by its kind

`a.b += f(c)[0]` has the operands a, b, f, c, 0 and the operators AugAssign, Add, Attribute, Call, Subscript. An
import that binds another name counts that name only. An expression as a statement is no operator, and neither
are brackets. Tools differ: radon counts arithmetic, comparison and boolean operators alone (those as often as
here, but a row of `and` once), and as operands what stands next to them, whole expressions included.
"""

from private import BUILTINS as __builtins__

import ast

# Nodes that stand for no token of their own, are operands, or are counted with the node that holds them.
_SILENT = frozenset({
    ast.Module, ast.Expr, ast.Load, ast.Store, ast.Del, ast.arguments, ast.arg, ast.alias, ast.withitem,
    ast.Name, ast.Constant, ast.BinOp, ast.UnaryOp, ast.Compare, ast.And, ast.Or, ast.MatchValue,
    ast.MatchSingleton, ast.MatchAs,
})  # fmt: skip


def halstead_counts(nodes):
    """The four counts of a program, given all nodes of its tree."""
    operators, operands = [], []
    for node in nodes:
        operators += _operators(node)
        operands += _operands(node)
    return {
        "operators": len(operators),
        "operands": len(operands),
        "distinctOperators": len(set(operators)),
        "distinctOperands": len(set(operands)),
    }


def _operators(node):
    kind = type(node)
    if kind is ast.BoolOp:
        return [type(node.op)] * (len(node.values) - 1)
    if kind is ast.Assign:
        return [kind] * len(node.targets)
    if kind is ast.comprehension:
        return [kind] + [ast.If] * len(node.ifs)
    return () if kind in _SILENT else (kind,)


def _operands(node):
    kind = type(node)
    if kind is ast.Name:
        return (node.id,)
    if kind is ast.Constant or kind is ast.MatchSingleton:
        return ((type(node.value), repr(node.value)),)
    if kind is ast.alias:
        return (node.asname or node.name,)
    if kind is ast.MatchAs and node.name is None and node.pattern is None:
        return ("_",)
    names = []
    for field in kind._fields:
        value = getattr(node, field, None)
        if type(value) is str and field != "str":  # `str` quotes the source of an interpolation
            names.append(value)
        elif type(value) is list:
            names += [item for item in value if type(item) is str]
    return names
