/** The language as the conformance suite sees it: values of every kind, and programs that misbehave in each way. */
import { Value } from "@azr/core"
import type { LanguageExamples } from "@azr/core/language"

const { bool, int, list, string } = Value

export const examples: LanguageExamples = {
  values: [
    int(1),
    string("a"),
    list([int(3), int(1), int(2)]),
    bool(true),
    bool(false),
    int(0),
    int(-7),
    int(10n ** 30n),
    string(""),
    string("1"),
    string('it\'s "so"\\n `${x}`'),
    string("\u0000\n\r\t\u007f\u202e\u2028\u{1f600}é"),
    string("</think><answer>```"),
    list([]),
    list([int(1), list([string("a"), bool(true)])]),
  ],
  identity: "f(a) = a",
  disguise: "# the same\n\nf( argument ) =\n    argument\n",
  endless: "f(a) = f(a)",
  hoards: "grow(xs) = grow(xs + xs)\nf(a) = grow([a])",
  recurses: "f(a) = [f(a)]",
  floods: "wide(xs, n) = if n == 0 then xs else wide(xs + xs, n - 1)\nf(a) = wide([a], 16)",
  nondeterministic: ["f(a) = random(1000000)", "f(a) = now()"],
  malformed: "f(a) = (a",
  throws: { program: "f(a) = [][0]", name: "IndexError" },
  prints: { program: 'f(a) = print("{\\"ok\\": 2}", a)', stdout: '{"ok": 2}\n' },
  equalities: [
    "row(x, ys) = if ys == [] then [] else [x == ys[0]] + row(x, rest(ys))",
    "table(xs, ys) = if xs == [] then [] else [row(xs[0], ys)] + table(rest(xs), ys)",
    "f(xs) = table(xs, xs)",
  ].join("\n"),
}
