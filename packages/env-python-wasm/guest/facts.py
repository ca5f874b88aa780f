"""Operation `inspect`: what a program's syntax tree says. Nothing is executed."""

from private import BUILTINS as __builtins__

import ast
from json import dumps
from sys import set_int_max_str_digits, setrecursionlimit

from brackets import brackets
from canonical import canonical
from cognitive import cognitive_complexity
from halstead import halstead_counts
from names import outside_names
from returns import ends, returns_value

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
# Trees of long sums and of long `elif` chains are deep, and are read by recursion.
_RECURSION_LIMIT = 12_000


def inspect(request):
    """Answer of `{"op": "inspect", "program"}` as JSON."""
    source = request["program"]
    setrecursionlimit(_RECURSION_LIMIT)
    try:
        tree = ast.parse(source)
        # Some errors (`return` outside a function) are found by the compiler only. Compiling executes nothing.
        compile(source, "<program>", "exec", dont_inherit=True)
        set_int_max_str_digits(0)  # hexadecimal numbers may be longer than decimal ones, and are written as those
        return dumps({"ok": {"syntax": None, **_facts(source, tree)}})
    except SyntaxError as error:
        return _broken(error.msg, error.lineno)
    except ValueError as error:  # null bytes, lone surrogates
        return _broken(str(error), None)
    except (RecursionError, MemoryError):
        return _broken("nested too deeply", None)


def _broken(message, line):
    return dumps({"ok": {"syntax": {"message": message[:200], "line": line}}})


def _facts(source, tree):
    nodes = list(ast.walk(tree))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    facts = {
        "functions": [_function(node) for node in tree.body if isinstance(node, _FUNCTIONS)],
        "topLevel": [type(node).__name__ for node in tree.body],
        "imports": sorted(set(_imports(nodes))),
        "calls": sorted({_dotted(node.func) for node in nodes if isinstance(node, ast.Call)}),
        "names": sorted(outside_names(source, names)),
        "attributes": sorted(set(_attributes(nodes))),
        "operations": sorted(set(_operations(nodes))),
    }
    # From here on the tree is the canonical one: programs that differ in names and layout measure the same.
    facts["canonical"] = canonical(tree, nodes)
    facts["complexity"] = {"cognitive": cognitive_complexity(tree), **halstead_counts(ast.walk(tree))}
    facts["tree"] = brackets(tree)
    return facts


def _function(node):
    signature = node.args
    named = [*signature.posonlyargs, *signature.args, *signature.kwonlyargs]
    return {
        "name": node.name,
        "params": [argument.arg for argument in named],
        "varargs": signature.vararg is not None or signature.kwarg is not None,
        "returns": ends(node.body) and returns_value(node),
    }


def _imports(nodes):
    """Modules named by `import a.b` and `from a.b import c` (both `a.b`), at any depth; relative ones with dots."""
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def _attributes(nodes):
    """Attributes that are read or written, however that is spelled: `a.x`, `from a import x`, `case A(x=1)`."""
    for node in nodes:
        match node:
            case ast.Attribute(attr=name):
                yield name
            case ast.ImportFrom(names=aliases):
                for alias in aliases:
                    yield alias.name
            case ast.MatchClass(kwd_attrs=names):
                yield from names


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
