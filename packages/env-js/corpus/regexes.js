//# match, with and without g
//> "x1y22z333"
//> "none"
function f(text) {
  const first = text.match(/[a-z](\d+)/)
  return [first && [...first, first.index, first.input], text.match(/\d+/g), text.match(/q/)]
}

//# matchAll
//> "k1=v1;k2=v2;bad"
//> ""
function f(text) {
  return [...text.matchAll(/(\w+)=(\w+)/g)].map((m) => [m[0], m[1], m[2], m.index])
}

//# named groups
//> "2024-02-29"
//> "not a date"
function f(text) {
  const { year, month, day } = /(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)/.exec(text)?.groups ?? {}
  return { year, month, day }
}

//# lookahead and lookbehind
//> "price $30, cost €40, 50"
//> "$"
function f(text) {
  return [
    text.match(/(?<=\$)\d+/g),
    text.match(/(?<![$€\d])\d+/g),
    text.match(/\d(?=\d)/g),
    text.match(/\w+(?!\w|,)/g),
  ]
}

//# backreferences
//> "hello wood abba"
//> "abc"
function f(text) {
  return [
    text.match(/(\w)\1/g),
    text.match(/(?<c>\w)(?<d>\w)\k<d>\k<c>/g),
    /^(?:(a)|b)*$/.exec("ab")?.[1] ?? "none",
  ]
}

//# greedy and lazy
//> "<a><b></b></a>"
//> "<<>>"
function f(text) {
  return [
    text.match(/<.+>/)?.[0],
    text.match(/<.+?>/)?.[0],
    text.match(/<.{2,3}>/)?.[0] ?? null,
    text.match(/(<)*?/)[0],
  ]
}

//# the state of g and y
//> "aXbXc"
//> "XX"
function f(text) {
  const global = /X/g
  const sticky = /X/y
  const log = []
  for (let i = 0; i < 4; i++)
    log.push([global.test(text), global.lastIndex, sticky.test(text), sticky.lastIndex])
  sticky.lastIndex = 1
  log.push(sticky.exec(text)?.index ?? null)
  return log
}

//# unicode patterns
//> "a😀é日本"
//> "abc"
function f(text) {
  return [
    text.match(/./gu)?.length,
    text.match(/\p{L}/gu),
    text.match(/\p{Script=Han}/gu),
    text.match(/[\u{1F600}-\u{1F64F}]/u)?.[0] ?? null,
    text.replace(/\P{ASCII}/gu, "?"),
  ]
}

//# flags i, s, m
//> "First\nsecond\nTHIRD"
//> ""
function f(text) {
  return [
    text.match(/^\w+$/gm),
    text.match(/first.second/i),
    text.match(/first.second/is)?.[0].length,
    text.match(/THIRD$/im)?.index,
  ]
}

//# the d flag gives indices
//> "say hello world"
function f(text) {
  const m = /(?<first>h\w+) (\w+)/d.exec(text)
  return m && [m.indices[0], m.indices.groups.first, m.indices[2]]
}

//# patterns built from data
//> "a.b*c", "."
//> "x+y", "+"
function f(text, special) {
  const escaped = special.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
  const pattern = new RegExp(escaped, "g")
  return [text.split(pattern), pattern.source, pattern.flags, String(pattern), text.replace(pattern, "!")]
}

//# classes and escapes
//> "Tab\tnew\nline_1-2 é"
function f(text) {
  return [
    text.match(/\s/g),
    text.match(/\w+/g),
    text.match(/[^\w\s]/g),
    text.match(/\bl\w+/)?.[0],
    text.match(/[\d-]+$|[_-]\d/g),
    /[\]\\]/.test("]"),
  ]
}

//# a tokenizer
//> "3 + foo*(12.5 - bar_2)"
//> "1 $ 2"
function f(text) {
  const pattern = /\s*(?:(?<number>\d+(?:\.\d+)?)|(?<name>[a-z_]\w*)|(?<symbol>[-+*/()]))/gy
  const tokens = []
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex
    const found = pattern.exec(text)
    if (found === null) return { error: at, tokens }
    const [kind, content] = Object.entries(found.groups).find(([, part]) => part !== undefined)
    tokens.push([kind, content])
  }
  return tokens
}

//# invalid patterns throw
//> "("
//> "a{2,1}"
//> "[b-a]"
function f(source) {
  try {
    return new RegExp(source, "u").source
  } catch (error) {
    return error.name
  }
}

//# greedy quantifiers with empty matches
//> "aaa"
//> "b"
function f(text) {
  return [
    text.replace(/a*/g, "-"),
    text.replace(/a*?/g, "-"),
    text.split(/a*/),
    [...text.matchAll(/(?:)/g)].length,
  ]
}

//# csv with quotes
//> 'a,"b,1","say ""hi""",\n,x'
//> ""
function f(text) {
  return text
    .split("\n")
    .map((line) =>
      [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
        ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain,
      ),
    )
}

//# Symbol.replace, Symbol.split on own objects
//> "a-b-c"
function f(text) {
  const shout = {
    [Symbol.replace]: (whole, by) => whole.toUpperCase() + by,
    [Symbol.split]: (whole) => [...whole],
  }
  return [text.replace(shout, "!"), text.split(shout)]
}
