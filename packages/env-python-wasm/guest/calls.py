"""Which functions of a program are recursive, as far as names tell: directly, or through others."""

from private import BUILTINS as __builtins__

import ast

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def recursive_functions(tree):
    """How many functions can reach themselves by calls of a name or of a method of their own class."""
    graph = {}
    _read(tree, {}, {}, graph)
    return sum([_reaches_itself(function, graph) for function in graph if isinstance(function, _FUNCTIONS)])


def _read(owner, functions, classes, graph):
    """Enter what the code of `owner` calls, then what the functions inside it do.

    `functions` and `classes` are what names mean there: a function, or a class (also `self`) as its functions
    by name.
    """
    inside = list(_inside(owner))
    defined = _functions_by_name(inside)
    for node in inside:
        if isinstance(node, ast.ClassDef):
            classes = classes | {node.name: _functions_by_name(_inside(node))}
    # Functions of a class body are attributes; no name means them.
    functions = functions if isinstance(owner, ast.ClassDef) else functions | defined
    called = [_called(node.func, functions, classes) for node in inside if isinstance(node, ast.Call)]
    graph[owner] = [function for function in called if function is not None]
    for node in inside:
        if isinstance(node, ast.ClassDef):
            _read(node, functions, classes, graph)
        elif isinstance(node, _FUNCTIONS):
            parameters = [argument.arg for argument in ast.walk(node.args) if isinstance(argument, ast.arg)]
            visible = {name: function for name, function in functions.items() if name not in parameters}
            receiver = {parameters[0]: defined} if isinstance(owner, ast.ClassDef) and parameters else {}
            _read(node, visible, classes | receiver, graph)


def _inside(owner):
    """The nodes of a body; of functions and classes in it only themselves."""
    pending = list(owner.body)
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            pending.extend(ast.iter_child_nodes(node))


def _functions_by_name(nodes):
    return {node.name: node for node in nodes if isinstance(node, _FUNCTIONS)}


def _called(callee, functions, classes):
    match callee:
        case ast.Name(id=name):
            return functions.get(name)
        case ast.Attribute(value=ast.Name(id=name), attr=attribute):
            return classes.get(name, {}).get(attribute)
    return None


def _reaches_itself(function, graph):
    seen, pending = set(), list(graph[function])
    while pending:
        reached = pending.pop()
        if reached is function:
            return True
        if reached not in seen:
            seen.add(reached)
            pending += graph[reached]
    return False
