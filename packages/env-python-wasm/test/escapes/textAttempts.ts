/** Texts that are not what they look like, and small ones that become large. */
import { type Attempt, attempts, python, returning } from "./attempt.ts"

const million = 1_000_000
const blocks = Array.from({ length: 150 }, (_, depth) => `${" ".repeat(depth + 1)}if a:\n`).join("")

export const textAttempts: ReadonlyArray<Attempt> = [
  ...attempts("unicode", {
    "identifiers that normalise": [returning("ｏｐｅｎ('x')"), "exception PermissionError"],
    "attributes that normalise": [returning("().__ｃlass__.__name__"), 'value "tuple"'],
    "an entry of other letters": ["def ｆ(a): return a", "value 1"],
    "a Cyrillic letter in the entry": ["def f(a): return 1\ndef \u0430(a): return 2", "value 1"],
    "text that turns around": [returning("'\u202e' + '\u2066x\u2069' == 'x'"), "value false"],
    "a comment that turns around": ["def f(a): return 1 # \u202e\u2066 2 nruter", "value 1"],
    "invisible characters in a name": ["def f(a):\n  x\u200b = 1\n  return x", "syntax SyntaxError"],
    "a null byte in the source": [returning("'\0'"), "syntax SyntaxError"],
    "a null byte in a value": [returning("'\\0'"), 'value "\\u0000"'],
    "a surrogate in the source": [returning("'\ud800'"), "syntax ValueError"],
    "a surrogate in a value": [returning("'\\udcff'"), "unrepresentable"],
    "a surrogate in an error": [returning("1", "raise ValueError('\\udcff')"), "exception ValueError"],
    "surrogate escapes": [returning("b'\\xff'.decode('utf-8', 'surrogateescape')"), "unrepresentable"],
    "two halves of a character": [returning("'\\ud83d' + '\\ude00'"), "unrepresentable"],
    "a byte order mark": ["\ufeffdef f(a): return 1", "syntax SyntaxError"],
    "two byte order marks": ["\ufeff\ufeffdef f(a): return 1", "syntax SyntaxError"],
    "a cookie for another encoding": [
      "# -*- coding: utf-7 -*-\n# +AAo-import os\ndef f(a): return 1",
      "value 1",
    ],
    "a cookie for no encoding": ["# -*- coding: nonsense -*-\ndef f(a): return 1", "value 1"],
    "a form feed and a carriage return": ["\fdef f(a):\r  return 1", "value 1"],
    "line separators that are none": [returning("'a\u2028b\u0085c'.splitlines()"), 'value ["a","b","c"]'],
    "digits of other scripts": [returning("int('\u0663\u0967') + 1"), "value 32"],
    "a name that is long": [`def f(a):\n  ${"x".repeat(100_000)} = 1\n  return 1`, "value 1"],
    "a name by its name": [returning("'\\N{LATIN SMALL LETTER A}'"), 'value "a"'],
    "combining marks without end": [
      returning("len(unicodedata.normalize('NFKC', '\\ufdfa' * 10 ** 5))", "import unicodedata"),
      "fuel",
    ],
    "an error in a line of other width": ["def f(a): return 'ＦＦＦＦ' + (", "syntax SyntaxError"],
  }),
  ...attempts("bombs", {
    gzip: [returning("gzip.decompress(b'')", "import gzip"), "exception ModuleNotFoundError"],
    zlib: [returning("zlib.decompress(b'')", "import zlib"), "exception ModuleNotFoundError"],
    "zlib by its codec": [returning("b'x\\x9c'.decode('zlib_codec')"), "exception LookupError"],
    "bz2 and lzma": [returning("1", "import bz2, lzma"), "exception ModuleNotFoundError"],
    zstd: [returning("1", "import compression.zstd"), "exception ModuleNotFoundError"],
    "an archive": [returning("1", "import zipfile"), "exception ModuleNotFoundError"],
    "XML entities": [returning("1", "import xml.etree.ElementTree"), "exception ModuleNotFoundError"],
    "a regular expression that goes back": [
      returning("re.match('(a+)+$', 'a' * 50 + 'b')", "import re"),
      "fuel",
    ],
    "one with a large count": [
      returning("re.compile('((a{1,999}){1,999}){1,999}')", "import re"),
      "unrepresentable",
    ],
    "one that is deep": [
      returning(`re.compile('(' * ${million} + ')' * ${million})`, "import re"),
      "stack RecursionError",
    ],
    "one that is long": [
      returning("len(re.compile('|'.join(map(str, range(10 ** 5)))).pattern)", "import re"),
      "fuel",
    ],
    "a power": [returning("10 ** 10 ** 10"), "fuel"],
    "a constant power": [returning("(9 ** 9 ** 9) % 7"), "fuel"],
    "a shift": [returning("1 << 2 ** 40"), "exception OverflowError"],
    "text times text": [returning("'x' * 2 ** 40"), "exception OverflowError"],
    "a constant times a constant": [returning("len((1,) * 10 ** 9)"), "memory MemoryError"],
    "a format of great width": [returning("'{:>99999999999}'.format(1)"), "exception ValueError"],
    "a format of great precision": [returning("'%.2000000000f' % 1.0"), "memory MemoryError"],
    "a decimal of great precision": [
      returning("decimal.Context(prec=10 ** 9).sqrt(decimal.Decimal(2))", "import decimal"),
      "exception ValueError",
    ],
    "a fraction of great size": [returning("fractions.Fraction('1e999999999')", "import fractions"), "fuel"],
    "a factorial": [returning("math.factorial(10 ** 9)", "import math"), "fuel"],
    combinations: [returning("len(list(itertools.permutations(range(20))))", "import itertools"), "fuel"],
    "text to an integer": [
      python`
        import sys
        sys.set_int_max_str_digits(0)
        def f(a): return len(str(int('9' * 10 ** 6)))
      `,
      "fuel",
    ],
    "hashes that collide": [returning("len({i * (2 ** 31 - 1): 1 for i in range(30_000)})"), "fuel"],
    "a million names": [
      returning("1", `${Array.from({ length: 20_000 }, (_, i) => `a${i}`).join("=")}=1`),
      "value 1",
    ],
    "a scrypt of much memory": [
      returning("hashlib.scrypt(b'', salt=b'', n=2 ** 20, r=8, p=1)", "import hashlib"),
      "exception AttributeError",
    ],
  }),
  ...attempts("depth", {
    "JSON of a million brackets": [
      returning(`json.loads('[' * ${million} + ']' * ${million})`, "import json"),
      "stack",
    ],
    "JSON objects a million deep": [
      returning(`json.loads('{"a":' * ${million} + '1' + '}' * ${million})`, "import json"),
      "stack",
    ],
    "a literal of many brackets": [
      returning(`${"[".repeat(100_000)}${"]".repeat(100_000)}`),
      "memory MemoryError",
    ],
    "many signs": [returning(`${"-".repeat(100_000)}1`), "memory MemoryError"],
    "many nots": [returning(`${"not ".repeat(50_000)}1`), "memory MemoryError"],
    "a sum of many terms": [returning(`${"1+".repeat(50_000)}1`), "stack"],
    "many attributes": [returning(`a${".real".repeat(50_000)}`), "stack"],
    "many calls": [returning(`(lambda: 1)${"()".repeat(20_000)}`), "stack"],
    "many lambdas": [returning(`${"lambda: ".repeat(20_000)}1`), "memory MemoryError"],
    "many blocks": [`def f(a):\n${blocks}${" ".repeat(152)}return 1`, "syntax IndentationError"],
    "many arms": [
      `def f(a):\n  if a == 0: return 0\n${"  elif a == 2: return 2\n".repeat(3000)}  return 1`,
      "stack RecursionError",
    ],
    "f-strings in f-strings": [returning(`${'f"{'.repeat(300)}1${'}"'.repeat(300)}`), "memory MemoryError"],
    "patterns in patterns": [
      `def f(a):\n  match a:\n    case ${"[".repeat(5000)}x${"]".repeat(5000)}: return 0\n  return 1`,
      "syntax SyntaxError",
    ],
    "eval of a text a million deep": [
      returning(`eval('(' * ${million} + ')' * ${million})`),
      "memory MemoryError",
    ],
    "ast.literal_eval of it": [
      returning(`__import__('ast').literal_eval('[' * ${million})`),
      "memory MemoryError",
    ],
    "an object a million deep, compared": [
      python`
        def f(a):
            x, y = [], []
            for _ in range(10 ** 6): x, y = [x], [y]
            return x == y
      `,
      "fuel",
    ],
    "an object a million deep, shown": [
      python`
        def f(a):
            x = []
            for _ in range(10 ** 6): x = [x]
            return repr(x)
      `,
      "fuel",
    ],
    "an object a hundred thousand deep, copied": [
      python`
        import copy
        def f(a):
            x = []
            for _ in range(10 ** 5): x = [x]
            return copy.deepcopy(x)
      `,
      "stack",
    ],
    "an object a hundred thousand deep, freed": [
      python`
        def f(a):
            x = ()
            for _ in range(10 ** 5): x = (x,)
            del x
            return 1
      `,
      "stack",
    ],
    "a chain of exceptions": [
      python`
        def f(a):
            error = None
            for _ in range(10 ** 5):
                new = ValueError()
                new.__context__ = error
                error = new
            raise error
      `,
      "exception ValueError",
    ],
    "a chain of iterators": [
      python`
        def f(a):
            it = iter([1])
            for _ in range(10 ** 5): it = map(int, it)
            return next(it)
      `,
      "stack",
    ],
    "a chain of closures": [
      python`
        def f(a):
            call = int
            for _ in range(10 ** 5): call = (lambda g: lambda: g())(call)
            return call()
      `,
      "stack",
    ],
    "a chain of classes": [
      python`
        def f(a):
            cls = object
            for _ in range(3000): cls = type('A', (cls,), {})
            return cls().__class__.__name__
      `,
      "fuel",
    ],
  }),
]
