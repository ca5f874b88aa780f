"""Operation `inspect`: what a program's syntax tree says. Nothing is executed."""

from private import BUILTINS as __builtins__

import ast
from json import dumps

from canonical import canonical

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def inspect(request):
    """Answer of `{"op": "inspect", "program"}` as JSON."""
    try:
        tree = ast.parse(request["program"])
        # Some errors (`return` outside a function) are found by the compiler only. Compiling executes nothing.
        compile(request["program"], "<program>", "exec", dont_inherit=True)
        return dumps({"ok": {"syntax": None, **_facts(tree)}})
    except SyntaxError as error:
        return _broken(error.msg, error.lineno)
    except ValueError as error:  # null bytes, lone surrogates
        return _broken(str(error), None)
    except (RecursionError, MemoryError):
        return _broken("nested too deeply", None)


def _broken(message, line):
    return dumps({"ok": {"syntax": {"message": message[:200], "line": line}}})


def _facts(tree):
    nodes = list(ast.walk(tree))
    return {
        "functions": [_function(node) for node in tree.body if isinstance(node, _FUNCTIONS)],
        "topLevel": [type(node).__name__ for node in tree.body],
        "imports": sorted(_imports(nodes)),
        "calls": sorted({_dotted(node.func) for node in nodes if isinstance(node, ast.Call)}),
        "names": sorted({node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}),
        "attributes": sorted({node.attr for node in nodes if isinstance(node, ast.Attribute)}),
        "statements": sum(isinstance(node, ast.stmt) for node in nodes),
        "operations": sorted(_operations(nodes)),
        "canonical": canonical(tree),
    }


def _function(node):
    signature = node.args
    named = [*signature.posonlyargs, *signature.args, *signature.kwonlyargs]
    return {
        "name": node.name,
        "params": [argument.arg for argument in named],
        "defaults": len(signature.defaults) + sum(default is not None for default in signature.kw_defaults),
        "varargs": signature.vararg is not None or signature.kwarg is not None,
        "returns": _ends(node.body) and _returns_value(node),
    }


def _ends(body):
    """Whether every way through `body` ends in `return` or `raise`, as far as its last statement shows it.

    An `if` needs both arms, a `match` an irrefutable last case, a `try` its body (or else) and every handler,
    or its finally; a loop counts only as `while True` without `break`. What stands before the last statement is
    not looked at.
    """
    match body[-1] if body else None:
        case ast.Return() | ast.Raise():
            return True
        case ast.If(body=then, orelse=otherwise):
            return _ends(then) and _ends(otherwise)
        case ast.With(body=inner) | ast.AsyncWith(body=inner):
            return _ends(inner)
        case ast.Try() | ast.TryStar() as node:
            normal = _ends(node.orelse) if node.orelse else _ends(node.body)
            return _ends(node.finalbody) or (normal and all(_ends(handler.body) for handler in node.handlers))
        case ast.Match(cases=cases):
            return _irrefutable(cases[-1]) and all(_ends(case.body) for case in cases)
        case ast.While(test=ast.Constant(value=value), body=inner) if value:
            return not _breaks(inner)
    return False


def _irrefutable(case):
    return case.guard is None and isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None


def _breaks(body):
    """Whether a `break` in `body` leaves the loop that `body` belongs to."""
    for node in body:
        if isinstance(node, ast.Break):
            return True
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            continue
        blocks = [] if isinstance(node, (ast.For, ast.AsyncFor, ast.While)) else [getattr(node, "body", [])]
        blocks += [getattr(node, "orelse", []), getattr(node, "finalbody", [])]
        blocks += [inner.body for inner in (*getattr(node, "handlers", []), *getattr(node, "cases", []))]
        if any(map(_breaks, blocks)):
            return True
    return False


def _returns_value(node):
    """Whether the function itself (not one nested in it) has a `return` with a value."""
    pending = list(node.body)
    while pending:
        child = pending.pop()
        if isinstance(child, ast.Return) and child.value is not None:
            return True
        if not isinstance(child, (*_FUNCTIONS, ast.ClassDef, ast.Lambda)):
            pending.extend(ast.iter_child_nodes(child))
    return False


def _imports(nodes):
    """Modules named by `import a.b` and `from a.b import c` (both `a.b`), at any depth; relative ones with dots."""
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def _dotted(node):
    """`a.b.c` as written; what is not a name stands as its kind in angle brackets: `<Call>.strip`."""
    path = []
    while isinstance(node, ast.Attribute):
        path.append(node.attr)
        node = node.value
    path.append(node.id if isinstance(node, ast.Name) else "<" + type(node).__name__ + ">")
    return ".".join(reversed(path))


_PLAIN = (
    ast.For, ast.While, ast.If, ast.IfExp, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp,
    ast.Lambda, ast.Yield, ast.YieldFrom, ast.Subscript, ast.Slice, ast.Try, ast.With, ast.Match, ast.ClassDef,
    ast.JoinedStr, ast.Starred, ast.NamedExpr, ast.operator, ast.unaryop, ast.boolop, ast.cmpop,
)  # fmt: skip
_STATEMENTS = {ast.AugAssign: "AugAssign", ast.Raise: "Raise", ast.Assert: "Assert", ast.Delete: "Delete"}


def _operations(nodes):
    """What the program does, by name and without order or count: a key for the semantic region it lies in.

    Node kinds (`For`, `ListComp`, `Slice`), operators (`Add`, `In`), builtins called (`sorted()`), methods called
    (`.append()`), functions of imported modules called (`math.gcd()`). Functions of the program itself are `local()`.
    """
    modules, defined = {}, set()
    for node in nodes:
        if isinstance(node, ast.Import):
            modules.update((alias.asname or alias.name.partition(".")[0], alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            modules.update((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            defined.add(node.name)
    for node in nodes:
        if isinstance(node, ast.Call):
            yield _called(node.func, modules, defined)
        elif isinstance(node, _PLAIN):
            yield type(node).__name__
        elif type(node) in _STATEMENTS:
            yield _STATEMENTS[type(node)]


def _called(function, modules, defined):
    match function:
        case ast.Name(id=name):
            if name in modules:
                return modules[name] + "()"
            return name + "()" if name in __builtins__ and name not in defined else "local()"
        case ast.Attribute(value=ast.Name(id=name), attr=attribute) if name in modules:
            return modules[name] + "." + attribute + "()"
        case ast.Attribute(attr=attribute):
            return "." + attribute + "()"
    return "computed()"
