/** All of Python as a domain. */
import { wholeLanguage } from "@azr/core/language"

export const pythonDomain = wholeLanguage({
  program: "def f(a):\n    return a",
  inputs: [
    "'Hello world'",
    "1",
    "{'a': 1, 'b': 2}",
    "(1.1, 1.2, 1.3)",
    "[[1, 0, 0], [0, 0, 0], [0, 0, 0]]",
    "None",
    "True",
    "-7",
    "['a', 'b', '']",
    "{1, 2, 3}",
  ],
})
