"""The canonical text of a program: equal for programs that differ only in comments, formatting, docstrings and names.

Variables, parameters, helper functions and import aliases become `v0`, `v1`, … in the order in which a walk
meets them, each scope its own. Names stay where they can be seen from outside or from a string: the entry
function `f`, builtins, attributes, classes and what is bound in their bodies, parameters that some call passes
by keyword. A program that looks at its own names (`locals()`, `g(**options)`, `.__name__`, type parameters)
keeps all of them.

Equal texts mean equal behaviour (apart from the wording of messages that quote a name). The reverse is not promised.
"""

from private import BUILTINS as __builtins__

import ast

ENTRY = "f"

_DOCUMENTED = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_TYPE_SYNTAX = frozenset({ast.TypeAlias, ast.TypeVar, ast.ParamSpec, ast.TypeVarTuple})
_REFLECTION = frozenset({"globals", "locals", "vars", "dir", "eval", "exec", "compile", "__import__"})
_NAMED_ATTRIBUTES = frozenset({"__name__", "__qualname__", "__code__", "__globals__", "__dict__", "__annotations__"})


def canonical(tree, nodes):
    """Canonical source text of a module's tree, which it changes. `nodes`: all nodes of the tree."""
    if not any([type(node) is ast.Attribute and node.attr == "__doc__" for node in nodes]):
        for node in nodes:
            if isinstance(node, _DOCUMENTED):
                _drop_docstring(node)
    if not any(map(_sees_names, nodes)):
        names = _Names()
        names.read(tree, _Scope(None))
        names.rename()
    return ast.unparse(tree)


def _drop_docstring(node):
    if ast.get_docstring(node, clean=False) is None:
        return
    del node.body[0]
    if not node.body and not isinstance(node, ast.Module):
        node.body.append(ast.Pass())


def _sees_names(node):
    kind = type(node)
    if kind is ast.Name:
        return node.id in _REFLECTION
    if kind is ast.Attribute:
        return node.attr in _NAMED_ATTRIBUTES
    if kind is ast.keyword:
        return node.arg is None
    if kind is ast.alias:
        return node.name == "*"
    return kind in _TYPE_SYNTAX


class _Scope:
    """Names bound in a module, function, lambda or comprehension. A class body has one too, but keeps its names."""

    def __init__(self, parent, comprehension=False):
        self.parent = parent
        self.comprehension = comprehension
        self.bound = set()
        self.elsewhere = {}  # name -> "global" or "nonlocal"

    def owner(self, name):
        """The scope whose binding `name` means here, or None for a builtin."""
        scope = self
        declared = self.elsewhere.get(name)
        if declared == "global":
            while scope.parent is not None:
                scope = scope.parent
        elif declared == "nonlocal":
            scope = scope.parent
        while scope is not None and (name not in scope.bound or name in scope.elsewhere):
            scope = scope.parent
        return scope


class _Names:
    """Collects every occurrence of a name that can be renamed, then renames them together."""

    def __init__(self):
        self.occurrences = []  # (scope, name, write) in walk order
        self.kept = {ENTRY}

    def read(self, node, scope):
        _READERS.get(type(node), _Names.read_children)(self, node, scope)

    def read_children(self, node, scope):
        for child in ast.iter_child_nodes(node):
            self.read(child, scope)

    def read_leaf(self, node, scope):
        pass

    def read_name(self, node, scope):
        if type(node.ctx) is ast.Load:
            self.use(scope, node, "id")
        else:
            self.bind(scope, node, "id")

    def read_walrus(self, node, scope):
        self.read(node.value, scope)
        self.bind(_function_scope(scope), node.target, "id", used_in=scope)

    def read_capture(self, node, scope):
        self.bind(scope, node, "name")
        self.read_children(node, scope)

    def read_rest(self, node, scope):
        self.bind(scope, node, "rest")
        self.read_children(node, scope)

    def read_keyword(self, node, scope):
        self.kept.add(node.arg)
        self.read_children(node, scope)

    def read_definition(self, node, scope):
        self.bind(scope, node, "name")
        self.read_function(node, scope, node.body)

    def read_lambda(self, node, scope):
        self.read_function(node, scope, [node.body])

    def read_function(self, node, scope, body):
        signature = node.args
        arguments = [*signature.posonlyargs, *signature.args, *signature.kwonlyargs]
        arguments += [argument for argument in (signature.vararg, signature.kwarg) if argument is not None]
        annotations = [argument.annotation for argument in arguments] + [getattr(node, "returns", None)]
        outside = [*getattr(node, "decorator_list", []), *signature.defaults, *signature.kw_defaults, *annotations]
        for expression in outside:
            if expression is not None:
                self.read(expression, scope)
        inner = _Scope(scope)
        for argument in arguments:
            self.bind(inner, argument, "arg")
        for statement in body:
            self.read(statement, inner)

    def read_class(self, node, scope):
        self.kept.add(node.name)
        for expression in [*node.decorator_list, *node.bases, *node.keywords]:
            self.read(expression, scope)
        body = _Scope(scope)
        for statement in node.body:
            self.read(statement, body)
        # Names of a class body are attributes. Keeping them everywhere also keeps `x = x` in a class body right.
        self.kept |= body.bound

    def read_comprehension(self, node, scope):
        inner = _Scope(scope, comprehension=True)
        for position, generator in enumerate(node.generators):
            self.read(generator.iter, inner if position else scope)
            self.read(generator.target, inner)
            for condition in generator.ifs:
                self.read(condition, inner)
        for part in (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,):
            self.read(part, inner)

    def read_import(self, node, scope):
        for alias in node.names:
            if alias.asname is None:
                if "." in alias.name:  # binds the first part and needs the rest: stays as written
                    self.kept.add(alias.name.partition(".")[0])
                    continue
                alias.asname = alias.name
            self.bind(scope, alias, "asname")

    def read_declaration(self, node, scope):
        kind = "global" if isinstance(node, ast.Global) else "nonlocal"
        for position, name in enumerate(node.names):
            scope.elsewhere[name] = kind
            if kind == "global":  # may be bound here only
                module = scope
                while module.parent is not None:
                    module = module.parent
                module.bound.add(name)
            self.occurrences.append((scope, name, _replace(node.names, position)))

    def bind(self, scope, node, field, used_in=None):
        name = getattr(node, field)
        if name is not None:
            scope.bound.add(name)
            self.use(used_in or scope, node, field)

    def use(self, scope, node, field):
        name = getattr(node, field)
        if name.startswith("__"):  # mangled inside classes, or with a meaning of its own
            self.kept.add(name)
        self.occurrences.append((scope, name, lambda new: setattr(node, field, new)))

    def rename(self):
        owners = [scope.owner(name) for scope, name, _ in self.occurrences]
        stays = self.kept | {name for (_, name, _), owner in zip(self.occurrences, owners) if owner is None}
        new, count = {}, 0
        for (_, name, write), owner in zip(self.occurrences, owners):
            if name in stays:
                continue
            if (owner, name) not in new:
                while "v" + str(count) in stays:
                    count += 1
                new[owner, name] = "v" + str(count)
                count += 1
            write(new[owner, name])


_READERS = {
    ast.Constant: _Names.read_leaf,
    ast.Name: _Names.read_name,
    ast.NamedExpr: _Names.read_walrus,
    ast.keyword: _Names.read_keyword,
    ast.FunctionDef: _Names.read_definition,
    ast.AsyncFunctionDef: _Names.read_definition,
    ast.Lambda: _Names.read_lambda,
    ast.ClassDef: _Names.read_class,
    ast.ListComp: _Names.read_comprehension,
    ast.SetComp: _Names.read_comprehension,
    ast.DictComp: _Names.read_comprehension,
    ast.GeneratorExp: _Names.read_comprehension,
    ast.Global: _Names.read_declaration,
    ast.Nonlocal: _Names.read_declaration,
    ast.Import: _Names.read_import,
    ast.ImportFrom: _Names.read_import,
    ast.ExceptHandler: _Names.read_capture,
    ast.MatchAs: _Names.read_capture,
    ast.MatchStar: _Names.read_capture,
    ast.MatchMapping: _Names.read_rest,
}


def _function_scope(scope):
    """Where `:=` binds: comprehensions pass it on."""
    while scope.comprehension:
        scope = scope.parent
    return scope


def _replace(names, position):
    def write(new):
        names[position] = new

    return write
