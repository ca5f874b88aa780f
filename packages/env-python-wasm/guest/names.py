"""Which names a program reads from outside: globals of its own, and builtins. The compiler's scopes decide."""

from private import BUILTINS as __builtins__

from symtable import symtable

# Bodies that look a name up when they get there: what is bound in them may still come from outside.
_DYNAMIC = ("module", "class")


def outside_names(source, written):
    """Names that some scope reads and that do, or may, mean a global or a builtin there.

    `written`: the names that the source holds, for the compiler adds names of its own.
    """
    found, pending = set(), [symtable(source, "<program>", "exec")]
    while pending:
        table = pending.pop()
        pending += table.get_children()
        dynamic = table.get_type() in _DYNAMIC
        for symbol in table.get_symbols():
            if symbol.is_referenced() and (symbol.is_global() or (dynamic and symbol.is_local())):
                found.add(symbol.get_name())
    return found & written
