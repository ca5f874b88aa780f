/** Frames, code objects and memory: CPython itself, taken apart. */
import { type Attempt, attempts, python, returning } from "./attempt.ts"

export const frameAttempts: ReadonlyArray<Attempt> = [
  ...attempts("frames", {
    "names of the frames around": [
      python`
        import sys
        def f(a):
            names, frame = [], sys._getframe()
            while frame:
                names.append(frame.f_code.co_name)
                frame = frame.f_back
            return names
      `,
      'value ["f","_call","_outcome","run","_answer","run"]',
    ],
    "by a traceback": [
      python`
        def f(a):
            try:
                1 / 0
            except ZeroDivisionError as error:
                return error.__traceback__.tb_frame.f_back.f_back.f_code.co_name
      `,
      'value "_outcome"',
    ],
    "by a generator that runs": [
      python`
        def f(a):
            def walk():
                yield generator.gi_frame.f_back.f_back.f_code.co_name
            generator = walk()
            return next(generator)
      `,
      'value "_call"',
    ],
    "by a coroutine that waits": [
      python`
        def f(a):
            async def wait(): return inner.cr_frame.f_back.f_code.co_name
            inner = wait()
            try:
                inner.send(None)
            except StopIteration as stop:
                return stop.value
      `,
      'value "f"',
    ],
    "the request by its local variables": [
      python`
        import sys
        def f(a):
            frame = sys._getframe()
            while 'request' not in frame.f_locals: frame = frame.f_back
            return sorted(frame.f_locals['request'])
      `,
      'value ["args","entropy","entry","op","outputBytes","program"]',
    ],
    "of a generator that is closed": [
      python`
        def f(a):
            def endless():
                while True:
                    try: yield 1
                    except GeneratorExit: pass
            generator = endless()
            next(generator)
            return generator.close()
      `,
      "exception RuntimeError",
    ],
    "cleared while they run": [
      python`
        import sys
        def f(a):
            return sys._getframe(1).clear()
      `,
      "exception RuntimeError",
    ],
    "by inspect": [
      returning("inspect.currentframe().f_back.f_code.co_name", "import inspect"),
      'value "_call"',
    ],
  }),
  ...attempts("code objects", {
    "a constant out of range": [
      python`
        import types
        def f(a):
            def g(): return 'a constant'
            return types.FunctionType(g.__code__.replace(co_consts=()), {})()
      `,
      null,
    ],
    "bytecode that reads beyond the stack": [
      python`
        import opcode, types
        def f(a):
            o = opcode.opmap
            code = bytes([o['RESUME'], 0] + [o['POP_TOP'], 0] * 4000 + [o['RETURN_VALUE'], 0])
            def g(): pass
            return types.FunctionType(g.__code__.replace(co_code=code), {})()
      `,
      null,
    ],
    "bytecode that is noise": [
      python`
        import types
        def f(a):
            def g(): pass
            code = bytes(i * 37 % 256 for i in range(2000))
            return types.FunctionType(g.__code__.replace(co_code=code), {})()
      `,
      null,
    ],
    "bytecode that writes locals out of range": [
      python`
        import opcode, types
        def f(a):
            def g(): x = 1
            o = opcode.opmap
            code = bytes([o['RESUME'], 0, o['LOAD_SMALL_INT'], 7, o['EXTENDED_ARG'], 255,
                          o['EXTENDED_ARG'], 255, o['STORE_FAST'], 255])
            return types.FunctionType(g.__code__.replace(co_code=code), {})()
      `,
      null,
    ],
    "an endless loop in bytecode": [
      python`
        import opcode, types
        def f(a):
            def g(): pass
            o = opcode.opmap
            code = bytes([o['RESUME'], 0, o['NOP'], 0, o['JUMP_BACKWARD_NO_INTERRUPT'], 2])
            return types.FunctionType(g.__code__.replace(co_code=code), {})()
      `,
      "fuel",
    ],
    "code swapped while it runs": [
      python`
        def g(n): return 'other'
        def f(a):
            f.__code__ = g.__code__
            return f(a)
      `,
      'value "other"',
    ],
    "a closure of the wrong size": [
      python`
        import types
        def f(a):
            def g(): return a
            return types.FunctionType(g.__code__, {}, closure=())()
      `,
      "exception ValueError",
    ],
    "a stack of size zero": [
      python`
        def f(a):
            def g(): return [1, 2, 3, [4, 5, [6]]]
            g.__code__ = g.__code__.replace(co_stacksize=0)
            return g()
      `,
      null,
    ],
    "a frame of two gigabytes": [
      python`
        def f(a):
            def g(): return 1
            g.__code__ = g.__code__.replace(co_stacksize=2 ** 29)
            return g()
      `,
      null,
    ],
  }),
  ...attempts("memory", {
    "use after free by a hash that changes a set": [
      python`
        class E:
            def __hash__(self): return 1
            def __eq__(self, other):
                group.clear()
                return False
        group = set()
        def f(a):
            for _ in range(9): group.add(E())
            return len(group)
      `,
      "value 1",
    ],
    "a list that shrinks while it is sorted": [
      python`
        def f(a):
            items = list(range(1000))
            return sorted(items, key=lambda i: items.clear() or i) == list(range(1000))
      `,
      "value true",
    ],
    "a buffer that moves while it is written": [
      python`
        def f(a):
            buffer = bytearray(16)
            class Index:
                def __index__(self):
                    del buffer[:]
                    return 65
            buffer[15] = Index()
            return len(buffer)
      `,
      "exception IndexError",
    ],
    "a view of what is freed": [
      python`
        def f(a):
            buffer = bytearray(8)
            view = memoryview(buffer)
            del buffer
            view[0] = 5
            return bytes(view)
      `,
      'value {"bytes":"0500000000000000"}',
    ],
    "addresses of objects": [returning("id(a) == id(1)"), "value true"],
    "a class that leaves the hierarchy": [
      python`
        class A: pass
        class B(A): pass
        def f(a):
            A.__bases__ = (B,)
            return 1
      `,
      "exception TypeError",
    ],
    "a metaclass with its own mro": [
      python`
        class M(type):
            def mro(cls): return [cls, dict, object]
        class A(metaclass=M): pass
        def f(a):
            return dict.__len__(A())
      `,
      "exception TypeError",
    ],
    "a list that takes the class of a dict": [
      python`
        def f(a):
            items = []
            items.__class__ = dict
            return items
      `,
      "exception TypeError",
    ],
    "a struct beyond its buffer": [
      returning("struct.pack_into('<I', bytearray(2), 2 ** 31 - 1, 1)", "import struct"),
      "exception error",
    ],
    "an array from a pointer": [
      returning("array.array('L', [1]).buffer_info()[1]", "import array"),
      "value 1",
    ],
  }),
]
