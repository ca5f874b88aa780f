"""Cognitive complexity of a program (G. A. Campbell, "Cognitive Complexity", SonarSource, 2018 to 2023).

The rules of the paper, for Python:

    +1 and +1 for each level of nesting    if, ternary, for, while, match, except
    +1                                     elif; else, also that of a loop or a try
    +1 for each run of like operators      `and`, `or` in the order of the source: two in `a and b or c`
    +1 for each function                   that calls itself, directly or through others
    one level of nesting                   blocks of the above, a ternary, lambdas and nested functions

A decorator (one function and a `return`, nothing else) adds no nesting. An `else` with only an `if` in it is
an `elif`. Nothing else counts: not `try`, `finally`, `with` and `case`, nor what shortens several statements
(comprehensions), nor `break` and `continue`, which in Python have no label. A module has the sum over all of it.

Tools differ. SonarSource's own for Python knows neither recursion nor `match`, and does not nest lambdas;
complexipy counts comprehensions, but no `else` of a loop, no ternary or `and` inside a larger expression;
cognitive_complexity does not nest what follows an `if` with an `elif`, and knows direct recursion only.
"""

from private import BUILTINS as __builtins__

import ast

from calls import recursive_functions


def cognitive_complexity(tree):
    """Cognitive complexity of a module's tree."""
    return _sum(tree.body, 0, False) + recursive_functions(tree)


def _sum(nodes, nesting, in_function):
    return sum([_cost(node, nesting, in_function) for node in nodes])


def _cost(node, nesting, in_function):
    """What `node` adds, all of it. A function or lambda is a nested one where `in_function`."""
    kind = type(node)
    if kind in _LEAVES:
        return 0
    return _COSTS.get(kind, _children)(node, nesting, in_function)


def _children(node, nesting, in_function):
    return _sum(ast.iter_child_nodes(node), nesting, in_function)


def _if(node, nesting, in_function):
    total = 1 + nesting
    while True:
        total += _cost(node.test, nesting, in_function) + _sum(node.body, nesting + 1, in_function)
        match node.orelse:
            case [ast.If() as chained]:
                total += 1
                node = chained
            case _:
                return total + _else(node, nesting, in_function)


def _else(node, nesting, in_function):
    return 1 + _sum(node.orelse, nesting + 1, in_function) if node.orelse else 0


def _for(node, nesting, in_function):
    return _loop(node, node.iter, nesting, in_function)


def _while(node, nesting, in_function):
    return _loop(node, node.test, nesting, in_function)


def _loop(node, head, nesting, in_function):
    body = _sum(node.body, nesting + 1, in_function)
    return 1 + nesting + _cost(head, nesting, in_function) + body + _else(node, nesting, in_function)


def _try(node, nesting, in_function):
    handlers = [1 + nesting + _sum(handler.body, nesting + 1, in_function) for handler in node.handlers]
    plain = _sum([*node.body, *node.finalbody], nesting, in_function)
    return plain + sum(handlers) + _else(node, nesting, in_function)


def _match(node, nesting, in_function):
    heads = [node.subject, *(case.guard for case in node.cases if case.guard is not None)]
    bodies = [_sum(case.body, nesting + 1, in_function) for case in node.cases]
    return 1 + nesting + _sum(heads, nesting, in_function) + sum(bodies)


def _ternary(node, nesting, in_function):
    return 1 + nesting + _children(node, nesting + 1, in_function)


def _boolean(node, nesting, in_function):
    operators, operands = _flattened(node)
    runs = 1 + sum([left is not right for left, right in zip(operators, operators[1:])])
    return runs + _sum(operands, nesting, in_function)


def _flattened(node):
    """Kinds of the boolean operators of an expression in the order of the source, and what they join."""
    operators, operands = [], []
    for position, value in enumerate(node.values):
        if position > 0:
            operators.append(type(node.op))
        if isinstance(value, ast.BoolOp):
            inner_operators, inner_operands = _flattened(value)
            operators += inner_operators
            operands += inner_operands
        else:
            operands.append(value)
    return operators, operands


def _lambda(node, nesting, in_function):
    return _cost(node.args, nesting, in_function) + _cost(node.body, nesting + in_function, True)


def _function(node, nesting, in_function):
    return _around(node, nesting, in_function) + _body(node, nesting + in_function)


def _around(node, nesting, in_function):
    outside = [*node.decorator_list, node.args, *([] if node.returns is None else [node.returns])]
    return _sum(outside, nesting, in_function)


def _body(node, nesting):
    match node.body:
        case [ast.FunctionDef() as wrapped, ast.Return() as end]:
            return _around(wrapped, nesting, True) + _body(wrapped, nesting) + _cost(end, nesting, True)
        case body:
            return _sum(body, nesting, True)


_LEAVES = frozenset({ast.Name, ast.Constant})
_COSTS = {
    ast.If: _if,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.While: _while,
    ast.Try: _try,
    ast.TryStar: _try,
    ast.Match: _match,
    ast.IfExp: _ternary,
    ast.BoolOp: _boolean,
    ast.Lambda: _lambda,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
}
