import { python } from "./attempt.ts"

/** Looks at all that an earlier program may have left in the interpreter, in libraries, in the guest. */
export const probe = python`
  import builtins, codecs, collections, io, json, random, re, sys, time, typing, warnings

  class Node:
      def __init__(self, next): self.next = next

  def depth():
      try: return 1 + depth()
      except RecursionError: return 0

  def f(a):
      print('probe', file=sys.stdout)
      frames, frame = [], sys._getframe()
      while frame: frames, frame = frames + [frame.f_code.co_name], frame.f_back
      return [
          sorted([3, a, 2]), json.dumps({'a': [1, None]}), json.loads('[1.5]'), str(2 ** 200), repr(1e22),
          len('é'.encode()), re.sub('a+', 'b', 'caat'), io.StringIO('x').read(), collections.Counter('aab'),
          hash('text'), list({'a', 'b', 'c', 'd'}), id(object()), id([]), hash(str(Node(None))), depth(),
          sorted(vars(builtins)), hash(str(vars(builtins))), sorted(sys.modules), hash(str(sys.modules)),
          sys.getrecursionlimit(), sys.get_int_max_str_digits(), sys.gettrace(), sys.getprofile(), frames,
          len(sys.meta_path), sys.path, sys.getallocatedblocks(), codecs.lookup_error('strict').__name__,
          random.random(), random.SystemRandom().random(), time.time_ns(), hash(str(warnings.filters)),
          [c.__name__ for c in object.__subclasses__()], sorted(vars(typing)),
      ]
`
