"""A copy of the builtins for the guest's own functions.

A function looks builtins up in the `__builtins__` of the module that defines it. Every guest module starts with
`from private import BUILTINS as __builtins__`, so a program that patches `builtins.len` does not patch the guest.
"""

import builtins

BUILTINS = dict(vars(builtins))
