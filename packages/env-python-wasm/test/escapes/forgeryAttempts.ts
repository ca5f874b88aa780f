/** Hostile exceptions, and answers that the program makes up for the guest. */
import { type Attempt, attempts, python, returning } from "./attempt.ts"

/** Finds the globals of the guest's module that runs programs, by walking up the frames. */
const walking = python`
  import sys
  def guest():
      frame = sys._getframe()
      while 'values' not in frame.f_globals: frame = frame.f_back
      return frame.f_globals
`

/** A program that makes the guest answer with a text of its own for the value. */
const answering = (expression: string): string =>
  `${walking}\n${python`
    def f(a):
        guest()['values'].encode = lambda value, limit: ${expression}
        return 1
  `}`

export const forgeryAttempts: ReadonlyArray<Attempt> = [
  ...attempts("exceptions", {
    "texts that raise": [
      python`
        class E(Exception):
            def __str__(self): raise E
            __repr__ = __str__
        def f(a): raise E
      `,
      "exception E",
    ],
    "texts that never end": [
      python`
        class E(Exception):
            def __str__(self):
                while True: pass
        def f(a): raise E
      `,
      "fuel",
    ],
    "texts that are no text": [
      python`
        class S(str):
            def __getitem__(self, key): return 5
            def encode(self, *a): return b'"'
        class E(Exception):
            def __str__(self): return S('x","ok":2')
        def f(a): raise E
      `,
      "exception E",
    ],
    "a name that is no name": [
      python`
        class M(type):
            __name__ = property(lambda cls: '","ok":2')
        class E(Exception, metaclass=M): pass
        E.__qualname__ = '"'
        def f(a): raise E
      `,
      "exception E",
    ],
    "a name with quotes": [returning("1", 'raise type(\'","ok":2,"x":"\', (Exception,), {})'), "exception ?"],
    "arguments that are hostile": [
      python`
        class E(BaseException):
            args = property(lambda self: 1 / 0)
            __traceback__ = property(lambda self: 1 / 0)
            __class__ = property(lambda self: MemoryError)
        def f(a): raise E
      `,
      "exception E",
    ],
    "a class that denies its bases": [
      python`
        class M(type):
            def __subclasscheck__(cls, other): return True
            def __instancecheck__(cls, other): return True
            def mro(cls): return [cls, Exception, BaseException, object]
        class E(Exception, metaclass=M): pass
        def f(a): raise E
      `,
      "exception E",
    ],
    "a trace that leads in a circle": [
      python`
        def f(a):
            try:
                1 / 0
            except ZeroDivisionError as error:
                trace = error.__traceback__
                trace.tb_next = trace
      `,
      "exception ValueError",
    ],
    "a hook set while the text is made": [
      python`
        import sys
        class E(Exception):
            def __str__(self):
                sys.settrace(lambda frame, event, value: 1 / 0)
                return 'x'
        def f(a): raise E
      `,
      "unrepresentable",
    ],
    "memory as a pretence": [returning("1", "raise MemoryError"), "memory MemoryError"],
    "all of the guest's exceptions caught": [
      python`
        def f(a):
            while True:
                try:
                    while True: a += 1
                except BaseException:
                    continue
      `,
      "fuel",
    ],
    "a group of exceptions that nests": [
      python`
        def f(a):
            error = ValueError()
            for _ in range(10 ** 4): error = ExceptionGroup('', [error])
            raise error
      `,
      "exception ExceptionGroup",
    ],
  }),
  ...attempts("forgery", {
    "another value, which it could as well have returned": [answering("'2'"), "value 2"],
    "text that is not JSON": [answering("'}{'"), "trap"],
    "text that is not Unicode": [answering(String.raw`'"\ud800"'`), "trap"],
    "half a character": [answering(String.raw`'"\\ud800"'`), "unrepresentable"],
    "an answer that is no text": [answering("5"), "exception TypeError"],
    "a value that is none": [answering('\'{"symbol":"x"}\''), "unrepresentable"],
    "a value with two tags": [answering('\'{"int":"1","float":"1"}\''), "unrepresentable"],
    "an integer in other clothes": [answering('\'{"int":"0x10"}\''), "unrepresentable"],
    "a number that JSON rounds": [answering("'9007199254740993'"), "unrepresentable"],
    "a fraction": [answering("'1.5'"), "unrepresentable"],
    "a value nested deeper than allowed": [answering("'[' * 66 + ']' * 66"), "unrepresentable"],
    "a value nested without end": [answering("'[' * 10 ** 6 + ']' * 10 ** 6"), "output"],
    "a key twice": [answering("'1,\"ok\":2'"), "value 2"],
    "both a value and a failure": [
      answering('\'1,"fail":{"kind":"exception","name":null,"message":""}\''),
      "value 1",
    ],
    "the prototype of the host's objects": [answering('\'{"__proto__":{"ok":2}}\''), "unrepresentable"],
    "the constructor of the host's objects": [answering("'{\"constructor\":[1]}'"), "unrepresentable"],
    "an answer of ten million characters": [answering("'\"' + 'x' * 10 ** 7 + '\"'"), "trap"],
    "an encoding that never ends": [answering("[0 for _ in iter(int, 1)]"), "fuel"],
    "a request for the next program": [
      python`
        import sys
        def f(a):
            frame = sys._getframe()
            while 'request' not in frame.f_locals: frame = frame.f_back
            frame.f_locals['request']['program'] = 'def f(a): return 2'
            return 1
      `,
      "value 1",
    ],
    "another entry for the next program": [
      python`
        import sys
        def f(a):
            frame = sys._getframe()
            while '_OPERATIONS' not in frame.f_globals: frame = frame.f_back
            frame.f_globals['_OPERATIONS'].clear()
            return 1
      `,
      "value 1",
    ],
    "a mistake of the host": [
      `${walking}\n${python`
        def f(a):
            guest()['_failure'] = lambda *a: '"fail":{"kind":"internal","message":"x"}'
            raise ValueError
      `}`,
      "trap",
    ],
    "a kind of failure that is none": [
      `${walking}\n${python`
        def f(a):
            guest()['_failure'] = lambda *a: '"fail":{"kind":"correct","name":null,"message":"","line":null}'
            raise ValueError
      `}`,
      "trap",
    ],
    "a report that is no text": [
      `${walking}\n${python`
        def f(a):
            guest()['_text'] = lambda *a: 5
            print('a report has a text only where something was printed')
            return 1
      `}`,
      "trap",
    ],
    "a guest without functions": [
      `${walking}\n${python`
        def f(a):
            guest().clear()
            return 1
      `}`,
      "trap",
    ],
    "work after the answer": [
      `${walking}\n${python`
        class Last:
            def __del__(self):
                while True: pass
        def f(a):
            frame = sys._getframe(1)
            frame.f_locals['arguments'].append(Last())
            return 1
      `}`,
      "fuel",
    ],
  }),
]
