/**
 * Which programs may be tasks. Judged by what the syntax tree says, never by substrings.
 *
 * These rules keep tasks honest: self-contained, deterministic, about data. They are not the wall. What gets past
 * them runs in an instance without imports, and gold outputs are checked for determinism; so where honest programs and
 * clever ones look alike, the rules side with the honest.
 */
import {
  type Rule,
  attributesAllowed,
  definesEntry,
  firstViolation,
  namesAllowed,
  onlyDefines,
} from "@azr/core/language"

export const entry = "f"

/** Top-level statements: definitions, and a docstring in front. Loops and calls belong into functions. */
const topLevelStatements = new Set([
  "FunctionDef",
  "ClassDef",
  "Import",
  "ImportFrom",
  "Assign",
  "AnnAssign",
  "AugAssign",
  "TypeAlias",
])

/** Packages that compute; a module inside one of them is allowed with it. */
export const modules: ReadonlyArray<string> = [
  "math",
  "itertools",
  "functools",
  "collections",
  "re",
  "string",
  "heapq",
  "bisect",
  "statistics",
  "fractions",
  "decimal",
  "operator",
  "typing",
  "dataclasses",
  "enum",
  "copy",
  "json",
  "textwrap",
  "abc",
  "numbers",
]

/**
 * Builtins that reach outside, run text as code, or look up names at run time; reading one is enough. What a function
 * binds itself is another thing of that name, and not among the names of the facts.
 */
const bannedNames = new Set([
  // An address: no property of a value.
  "id",
  "open",
  "input",
  "print",
  "eval",
  "exec",
  "compile",
  "globals",
  "locals",
  "vars",
  "dir",
  "breakpoint",
  "exit",
  "quit",
  "help",
  "getattr",
  "setattr",
  "delattr",
  "attrgetter",
  "methodcaller",
  "get_type_hints",
])

/** Attributes that lead from a value to its frame, its module's globals, or a module that is not on the list. */
const bannedAttributes = new Set([
  "mro",
  "gi_frame",
  "gi_code",
  "cr_frame",
  "cr_code",
  "ag_frame",
  "ag_code",
  "tb_frame",
  "tb_next",
  "f_back",
  "f_builtins",
  "f_code",
  "f_globals",
  "f_locals",
  "co_code",
  "os",
  "_os",
  "sys",
  "_sys",
  "builtins",
  "bltns",
  "codecs",
  "importlib",
  "inspect",
  "types",
  "posix",
  "io",
  "attrgetter",
  "methodcaller",
  "get_type_hints",
  "get_field",
])

/** Protocol methods that a class may call on itself, its parent or its parts. */
const allowedDunders = new Set([
  "__init__",
  "__post_init__",
  "__name__",
  "__doc__",
  "__repr__",
  "__str__",
  "__len__",
  "__iter__",
  "__next__",
  "__contains__",
  "__getitem__",
  "__setitem__",
  "__call__",
  "__hash__",
  "__eq__",
  "__ne__",
  "__lt__",
  "__le__",
  "__gt__",
  "__ge__",
  "__add__",
  "__radd__",
  "__sub__",
  "__mul__",
  "__and__",
  "__or__",
  "__xor__",
  "__neg__",
  "__abs__",
  "__bool__",
  "__int__",
  "__float__",
])

const isDunder = (name: string): boolean => name.length > 4 && name.startsWith("__") && name.endsWith("__")

const importsAllowed: Rule = ({ imports }) => {
  const offender = imports.find((module) => !modules.includes(module.split(".", 1)[0] ?? ""))
  return offender === undefined
    ? null
    : { reason: "import", message: `the module ${offender} may not be imported` }
}

export const checkProgram: Rule = firstViolation([
  importsAllowed,
  namesAllowed(({ names }) => names.find((name) => bannedNames.has(name) || isDunder(name))),
  attributesAllowed((name) => bannedAttributes.has(name) || (isDunder(name) && !allowedDunders.has(name))),
  onlyDefines(topLevelStatements, "Expr"),
  definesEntry(entry),
])
