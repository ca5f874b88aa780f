import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Guest, inspect } from "./guest.ts"

layer(Guest.layer(1))("operation inspect", (test) => {
  test.effect("reads facts off the tree", () =>
    Effect.gen(function* () {
      const facts = yield* inspect(
        "/** doc */\nclass A { #p = 1; m() { return this.#p } }\n" +
          "const g = (p, { q, r: s } = {}, [t], ...rest) => rest[p] + new A().m()\n" +
          "export function f(x) {\n  import(x); import('y')\n  const Math = { max: (...v) => v.length }\n" +
          "  const { constructor: c, [`k`]: k } = x['proto' ] ?? globalThis.a?.[0]\n" +
          "  return x.map((y) => g(y, undefined, [])).concat`z`[Math.max(1)]?.w ?? parseInt(k, globalThis.c)\n}\n",
      )
      assert.isNull(facts.syntax)
      assert.deepEqual(facts.functions, [
        { name: "g", params: ["p", "{}", "[]"], varargs: true, returns: true },
        { name: "f", params: ["x"], varargs: false, returns: true },
      ])
      assert.deepEqual(facts.topLevel, ["ClassDeclaration", "VariableDeclaration", "FunctionDeclaration"])
      assert.deepEqual(facts.imports, ["<computed>", "y"])
      assert.deepEqual(facts.calls, [
        "<CallExpression>.concat", "<NewExpression>.m", "A", "Math.max", "g", "parseInt", "x.map",
      ]) // prettier-ignore
      assert.deepEqual(facts.names, ["globalThis", "parseInt", "undefined"])
      assert.deepEqual(facts.attributes, [
        "#p", "a", "c", "concat", "constructor", "k", "length", "m", "map", "max", "proto", "q", "r", "w",
      ]) // prettier-ignore
      assert.deepEqual(facts.operations, [
        "+", ".m()", ".map()", ".max()", "??", "ArrayPattern", "ArrowFunctionExpression", "ClassDeclaration",
        "FunctionExpression", "ObjectPattern", "RestElement", "TemplateLiteral", "[]", "local()",
        "new local()", "parseInt()",
      ]) // prettier-ignore
    }),
  )

  test.effect("executes nothing, and reports what does not compile", () =>
    Effect.gen(function* () {
      assert.isNull((yield* inspect("for (;;);")).syntax)
      const broken: ReadonlyArray<readonly [program: string, line: number | null]> = [
        ["function f(", 1],
        ["let x\nlet x", 2],
        ["return 1", 1],
        ["\nawait 1", 2],
        ["with (a) {}", 1],
        ["010", 1],
        ["<!-- a", 1],
        ["x\n--> a", 2],
        ["/(/", 1],
        ["'\n'", 1],
        ["using x = 1", 1],
        ["let x\nimport a from 'x'", 2],
        ["let x\nexport * from 'x'", 2],
        ["const f = () => import.meta", 1],
      ]
      for (const [program, line] of broken) {
        const { syntax } = yield* inspect(program)
        assert.strictEqual(syntax?.line, line, program)
        assert.notMatch(syntax.message, /\(\d+:\d+\)/)
      }
      for (const deep of ["(", "[", "-", "{", "() => "]) {
        assert.isNotNull((yield* inspect(`const f = ${deep.repeat(5000)}`)).syntax, deep)
      }
      // The parser's stack suffices where the engine's own does.
      const nested = (depth: number) => `const f = () => ${"[".repeat(depth)}${"]".repeat(depth)}`
      assert.isNull((yield* inspect(nested(40))).syntax)
      assert.match((yield* inspect(nested(5000))).syntax.message, /stack|deep/)
    }),
  )

  test.effect("knows whether a function ends by returning a value", () =>
    Effect.gen(function* () {
      const returns = (program: string) =>
        Effect.map(inspect(program), ({ functions }) => functions[0].returns as boolean)
      const body = (text: string) => `function f(a) { ${text} }`
      const yes = [
        "const f = (a) => a",
        "const f = (a) => ({})",
        "let f = function (a) { return a }",
        ...[
          "return a",
          "if (a) return 1; else return 2",
          "if (a) return 1; else if (a > 2) throw a; else return 2",
          "{ return 1 }",
          "try { return 1 } catch { return 2 }",
          "try { a() } finally { return 3 }",
          "try { return 1 } finally { a() }",
          "switch (a) { case 1: return 1; case 2: default: return 2 }",
          "switch (a) { case 1: a++; default: for (;;) { if (a) break }; return 2 }",
          "while (true) { if (a) return 1 }",
          "for (;;) { for (const x of a) break; return 1 }",
          "do { return 1 } while (true)",
          "x: for (;;) { for (;;) continue x; return 1 }",
          "if (a) return 1; throw a",
          "const g = () => { return }; return g",
        ].map(body),
      ]
      const no = [
        "const f = (a) => {}",
        "async function f(a) { return 1 }",
        "function* f(a) { return 1 }",
        "const f = async (a) => 1",
        ...[
          "a",
          "return",
          "if (a) return 1",
          "if (a) return; return 1",
          "for (const x of a) return x",
          "while (a) return 1",
          "while (true) { if (a) break; return 1 }",
          "x: for (;;) { for (;;) break x }",
          "try { return 1 } catch {}",
          "switch (a) { case 1: return 1 }",
          "switch (a) { case 1: return 1; default: break }",
          "switch (a) { default: return 1; case 1: }",
          "throw a",
          "const g = () => 1; throw a",
          "const g = () => { return 1 }; g()",
          "x: { if (a) break x; return 1 }",
        ].map(body),
      ]
      for (const program of yes) assert.isTrue(yield* returns(program), program)
      for (const program of no) assert.isFalse(yield* returns(program), program)
      assert.isTrue((yield* inspect("function f() { return arguments[0] }")).functions[0].varargs)
      assert.isFalse((yield* inspect("function f(a) { return () => a }")).functions[0].varargs)
    }),
  )

  test.effect("gives programs that differ in names, comments and layout one canonical text", () =>
    Effect.gen(function* () {
      const canonical = (program: string) =>
        Effect.map(inspect(program), (facts) => facts.canonical as string)
      const text = yield* canonical(
        "const helper = (x) => x + Math.PI\n\nfunction f(a, b = 2) {\n  const total = a.map((y) => helper(y))\n  return total[b]\n}\n",
      )
      assert.strictEqual(
        text,
        "const v0 = v1 => v1 + Math.PI;\nfunction f(v2, v3 = 2) {\n  const v4 = v2.map(v5 => v0(v5));\n  return v4[v3];\n}",
      )
      const same =
        '"use strict"; /* a */ const g = a => { return a }, unused = 1\n'.slice(0, 22) +
        "const g = (a) => a+Math.PI; // add\nexport function f(xs,n = 0x2){const a = xs.map(a => g(a)); return (a[(n)])}"
      assert.strictEqual(yield* canonical(same), text)
      assert.strictEqual(yield* canonical(text), text)
      assert.strictEqual(
        yield* canonical("function f({ a, b: [c] }) { class A { static m = 'x' }; return { a, c, A: A.m } }"),
        'function f({a: v0, b: [v1]}) {\n  class v2 {\n    static m = "x";\n  }\n  ;\n  return {\n    a: v0,\n    c: v1,\n    A: v2.m\n  };\n}',
      )

      const different: ReadonlyArray<readonly [string, string]> = [
        ["const f = (a, b) => a - b", "const f = (a, b) => b - a"],
        ["const f = (a) => parseInt(a)", "const f = (a) => parseFloat(a)"],
        ["const f = (a) => a.x", "const f = (a) => a.y"],
        ["const f = (a) => { { let a = 1 } return a }", "const f = (a) => { { a = 1 } return a }"],
        ["let x = 1\nconst f = (a) => x", "let x = 1\nconst f = (x) => x"],
        ["const f = (v0) => v1", "const f = (v1) => v1"],
        ["const f = (a) => ({ k: a })", "const f = (a) => ({ l: a })"],
        ["const f = (a) => a?.b", "const f = (a) => a.b"],
        ["const f = (a) => '1'", "const f = (a) => 1"],
        ["const f = (a) => 1n", "const f = (a) => 1"],
        ["const f = (a) => 1e400", "const f = (a) => null"],
        ["const f = (a) => /a/g", "const f = (a) => /a/"],
        ["var f = (a) => a", "let f = (a) => a"],
        [
          "const g = () => 1\nconst f = (o) => o.name + g.name",
          "const h = () => 1\nconst f = (o) => o.name + h.name",
        ],
      ]
      for (const [left, right] of different) {
        assert.notStrictEqual(yield* canonical(left), yield* canonical(right), left)
      }
    }),
  )

  test.effect("measures complexity as published", () =>
    Effect.gen(function* () {
      const cognitive = (program: string) =>
        Effect.map(inspect(program), ({ complexity }) => complexity.cognitive as number)
      // The examples of the definition: sumOfPrimes is 7, getWords is 1.
      const sumOfPrimes =
        "function f(max) {\n  let total = 0\n  OUT: for (let i = 1; i <= max; ++i) {\n    for (let j = 2; j < i; ++j) {\n" +
        "      if (i % j === 0) { continue OUT }\n    }\n    total += i\n  }\n  return total\n}"
      assert.strictEqual(yield* cognitive(sumOfPrimes), 7)
      const getWords =
        "function f(n) {\n  switch (n) {\n    case 1: return 'one'\n    case 2: return 'a couple'\n    default: return 'lots'\n  }\n}"
      assert.strictEqual(yield* cognitive(getWords), 1)
      const cases: ReadonlyArray<readonly [body: string, complexity: number]> = [
        ["return a", 0],
        ["if (a) { b() } else if (c) { d() } else { e() }", 3],
        ["if (a) { if (b) { for (;;) {} } }", 6],
        ["return a && b && c || d && !(e && g)", 4],
        ["try { if (a) {} } catch { while (b) {} }", 4],
        ["return a ? b : c ? d : e", 3],
        ["return () => { if (a) {} }", 2],
        ["return f(a - 1) + f(a - 2)", 2],
        ["a?.b ?? c", 1],
        ["do { break } while (a)", 1],
      ]
      for (const [body, expected] of cases) {
        assert.strictEqual(yield* cognitive(`function f(a) { ${body} }`), expected, body)
      }
      assert.strictEqual(yield* cognitive("const f = (n) => n ? f(n - 1) : 0"), 2)

      const { complexity } = yield* inspect(
        "const f = (a) => { let s = 0; for (const x of a) s += x * x; return s }",
      )
      // const = => let = for-of const += * return; f a s 0 x a s x x s
      assert.deepInclude(complexity, {
        operators: 10,
        distinctOperators: 8,
        operands: 10,
        distinctOperands: 5,
      })
    }),
  )

  test.effect("writes the canonical tree in brackets", () =>
    Effect.gen(function* () {
      const tree = (program: string) => Effect.map(inspect(program), (facts) => facts.tree as string)
      assert.strictEqual(
        yield* tree("export const f = (n) => n + '{}\\\\'"),
        "{Program{VariableDeclaration const{VariableDeclarator{Identifier f}{ArrowFunctionExpression{Identifier v0}" +
          '{BinaryExpression +{Identifier v0}{Literal "\\{\\}\\\\\\\\"}}}}}}',
      )
      assert.strictEqual(
        yield* tree("let a = b?.[`x${1}y`], { c } = /d/g, e = -2n; a++"),
        "{Program{VariableDeclaration let{VariableDeclarator{Identifier v0}{ChainExpression{MemberExpression []{Identifier b}" +
          "{TemplateLiteral{TemplateElement x}{Literal 1}{TemplateElement y}}}}}{VariableDeclarator{ObjectPattern{Property" +
          "{Identifier c}{Identifier v1}}}{Literal /d/g}}{VariableDeclarator{Identifier v2}{UnaryExpression -{Literal 2n}}}}" +
          "{ExpressionStatement{UpdateExpression ++{Identifier v0}}}}",
      )
    }),
  )
})
