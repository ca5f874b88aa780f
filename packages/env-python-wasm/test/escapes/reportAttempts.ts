/** Another result reported than the one that the program returned. */
import { type Attempt, attempts, python, returning } from "./attempt.ts"

export const reportAttempts: ReadonlyArray<Attempt> = [
  ...attempts("stdout", {
    "a response printed": [returning('print(\'{"ok":2,"stdout":""}\') or 1'), "value 1"],
    "a response written to the real streams": [
      returning("[sys.__stdout__, sys.__stderr__, sys.__stdin__]", "import sys"),
      "value [null,null,null]",
    ],
    closed: [returning("sys.stdout.close()", "import sys"), "value null"],
    replaced: [
      python`
        import sys
        class Stream:
            def write(self, text): raise ValueError(text)
            def getvalue(self): return '","ok":2'
        def f(a):
            sys.stdout = sys.stderr = Stream()
            return 1
      `,
      "value 1",
    ],
    "its class patched": [
      python`
        import io
        def f(a):
            io.StringIO.getvalue = lambda self: '"'
            return 1
      `,
      "exception TypeError",
    ],
    "more of it than memory": [
      python`
        import sys
        def f(a):
            for _ in range(10 ** 6): sys.stdout.write('x' * 10 ** 6)
      `,
      "memory MemoryError",
    ],
    "almost as much as memory": [
      python`
        import sys
        def f(a):
            for _ in range(40): sys.stdout.write('x' * 10 ** 6)
            return 1
      `,
      "value 1",
    ],
  }),
  ...attempts("encoders", {
    "json replaced": [
      python`
        import json
        json.dumps = json.loads = lambda *a, **k: '2'
        json.encoder.encode_basestring = json.encoder.c_make_encoder = None
        def f(a): return 1
      `,
      "value 1",
    ],
    "builtins replaced": [
      python`
        import builtins
        for name in dir(builtins):
            if not name.startswith('__'): setattr(builtins, name, lambda *a, **k: 2)
        def f(a): return [1, 'a', {2: (3.5,)}, b'x', 2 ** 60]
      `,
      'value [1,"a",{"dict":[[2,{"tuple":[{"float":"3.5"}]}]]},{"bytes":"78"},{"int":"1152921504606846976"}]',
    ],
    "modules replaced": [
      python`
        import sys
        for name in list(sys.modules): sys.modules[name] = None
        def f(a): return [1, 10 ** 5000 > 1]
      `,
      "value [1,true]",
    ],
    "the writer of long integers replaced": [
      python`
        import _pylong, sys
        class Text(str):
            def __radd__(self, other): return '2,"stdout":""}'
        _pylong.int_to_decimal_string = lambda n: Text('2')
        sys.set_int_max_str_digits(0)
        def f(a): return len(str(10 ** 20000)), 10 ** 100 == 2
      `,
      'value {"tuple":[1,false]}',
    ],
    "a long integer after that": [
      python`
        import _pylong, sys
        _pylong.int_to_decimal_string = lambda n: '2'
        def f(a): return 7 ** 20000 % 10 ** 30
      `,
      'value {"int":"383984308951092063025612000001"}',
    ],
    "handlers of codec errors replaced": [
      python`
        import codecs
        for name in ('strict', 'replace', 'ignore', 'surrogatepass'):
            codecs.register_error(name, lambda error: ('"', error.end))
        def f(a): return '\ud800'
      `,
      "unrepresentable",
    ],
    "codecs replaced": [
      python`
        import codecs
        codecs.register(lambda name: 1 / 0)
        codecs.lookup = codecs.encode = None
        def f(a): return 'é'
      `,
      'value "\u00e9"',
    ],
    "collections replaced": [
      python`
        import collections
        class Fake(dict):
            def items(self): return [(1, 2)]
        collections.Counter = collections.OrderedDict = Fake
        def f(a): return Fake()
      `,
      "unrepresentable",
    ],
    "a method of Counter replaced": [
      python`
        from collections import Counter
        Counter.items = Counter.__iter__ = lambda self: iter([(1, 2)])
        def f(a): return Counter('aab')
      `,
      'value {"dict":[["a",2],["b",1]]}',
    ],
  }),
  ...attempts("values", {
    "a class whose metaclass claims to be list": [
      python`
        class M(type):
            def __hash__(cls): return hash(list)
            def __eq__(cls, other): return True
        class L(metaclass=M):
            def __iter__(self): return iter([1, 2])
        def f(a): return L()
      `,
      "unrepresentable",
    ],
    "an object that claims another class": [
      python`
        class L(list):
            __class__ = list
        def f(a): return L([1])
      `,
      "unrepresentable",
    ],
    "subclasses that answer falsely": [
      python`
        class I(int):
            def __repr__(self): return '2'
            def __le__(self, other): return True
        def f(a): return [I(1)]
      `,
      "unrepresentable",
    ],
    "keys that answer falsely": [
      python`
        class K(str):
            def __eq__(self, other): return True
            def __hash__(self): return 0
        def f(a): return {K('a'): 1}
      `,
      "unrepresentable",
    ],
    "ordered keys that run when they are read": [
      python`
        from collections import OrderedDict
        log = []
        class K:
            def __hash__(self):
                log.append(1)
                if len(log) > 1: raise MemoryError
                return 0
        def f(a): return OrderedDict([(K(), 1)])
      `,
      "unrepresentable",
    ],
    "a reduce of its own": [
      python`
        class R:
            def __reduce__(self): return (list, ([1],))
        def f(a): return R()
      `,
      "unrepresentable",
    ],
    "a list that grows when it is collected": [
      python`
        result = [1]
        class Bomb:
            def __init__(self): self.me = self
            def __del__(self): result.append(2)
        def f(a):
            for _ in range(50): Bomb()
            return result
      `,
      "value [1]",
    ],
    "a weak reference that calls back": [
      python`
        import weakref
        result = [1]
        class A: pass
        def f(a):
            target = A()
            target.me = target
            result.append(0)
            globals()['r'] = weakref.ref(target, lambda r: result.append(2))
            return result
      `,
      "value [1,0]",
    ],
    "an iterator that never ends": [
      python`
        class L(list):
            def __iter__(self):
                while True: yield 1
        def f(a): return L()
      `,
      "unrepresentable",
    ],
    "a value that holds itself": [
      python`
        def f(a):
            loop = {}
            loop['x'] = (loop,)
            return loop
      `,
      "unrepresentable",
    ],
    "an entry that is replaced by a class": [
      python`
        class f:
            def __new__(cls, a): return [a]
      `,
      "value [1]",
    ],
    "a module that answers for its entry": [
      python`
        import sys
        class Module(type(sys)):
            def __getattr__(self, name): return lambda a: 2
        sys.modules[__name__].__class__ = Module
      `,
      "exception NameError",
    ],
  }),
]
