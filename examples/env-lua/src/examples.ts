/** Lua as the conformance suite sees it. */
import { Value } from "@azr/core"
import type { LanguageExamples } from "@azr/core/language"
import { Result } from "effect"

const values = JSON.parse(String.raw`[
  1, "a", [3, 1, 2], null, true, false, 0, -7, 2147483647, -2147483648, "", "1", "</think><answer>${"```"}",
  {"float":"1"}, {"float":"0"}, {"float":"-0"}, {"float":"1.5"}, {"float":"9007199254740992"}, {"float":"1e+21"},
  {"float":"5e-324"}, {"float":"nan"}, {"float":"inf"}, {"float":"-inf"}, "it's \"so\"\\n [[x]]\u0000\r\t\u202e😀é",
  [], [[], "b"], {"dict":[[2, 1]]}, {"dict":[[{"float":"0.5"}, 1], ["end", []], [true, "x"]]},
  {"dict":[["a", [false]], ["b c", {"float":"2"}]]}
]`).map((json: unknown) => Result.getOrThrow(Value.fromJson(json)))

export const examples: LanguageExamples = {
  values,
  identity: "function f(a)\n  return a\nend",
  disguise: "-- the same\nfunction f( argument )\n\n  return   argument; end",
  endless: "function f(a)\n  while true do end\nend",
  hoards: 'function f(a)\n  local s = "x"\n  while true do s = s .. s end\nend',
  recurses: "function f(a)\n  return 1 + f(a)\nend",
  floods: 'function f(a)\n  return ("ab"):rep(100000)\nend',
  nondeterministic: ["math.random()", "os.time()", "os.clock()"].map(
    (call) => `function f(a)\n  return ${call}\nend`,
  ),
  malformed: "function f(a)\n  return (a\nend",
  throws: { program: "function f(a)\n  return a.b.c\nend", name: "string" },
  prints: { program: 'function f(a)\n  print("{}", 1)\n  return a\nend', stdout: "{}\t1\n" },
  equalities: `local function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  for k, v in pairs(a) do if not same(v, b[k]) then return false end end
  for k in pairs(b) do if a[k] == nil then return false end end
  return true
end
function f(values)
  local n, rows = ${values.length}, {}
  for i = 1, n do rows[i] = {} for j = 1, n do rows[i][j] = same(values[i], values[j]) end end
  return rows
end`,
}
