//# slicing
//> "abcdef", 1, 3
//> "abcdef", -2, 99
//> "", 0, 1
function f(text, from, to) {
  return [
    text.slice(from, to),
    text.substring(from, to),
    text.slice(to),
    text.substring(to, from),
    text.slice(-1),
  ]
}

//# characters
//> "héllo"
//> "日本語"
//> ""
function f(text) {
  return [
    text.length,
    text.charAt(1),
    text[2],
    text.at(-1),
    text.charCodeAt(1),
    text.codePointAt(1),
    text[99],
  ]
}

//# searching
//> "banana", "an"
//> "banana", ""
//> "", "x"
function f(text, part) {
  return [
    text.indexOf(part),
    text.lastIndexOf(part),
    text.indexOf(part, 2),
    text.includes(part),
    text.startsWith(part),
    text.endsWith(part),
    text.startsWith(part, 1),
    text.endsWith(part, 3),
    text.search(part),
  ]
}

//# split and join
//> "a,b,,c", ","
//> "abc", ""
//> "", ","
//> "a1b22c", "b"
function f(text, separator) {
  return [text.split(separator), text.split(separator, 2), text.split(separator).join("-"), text.split()]
}

//# split by pattern, with groups
//> "one1two22three"
//> "1"
function f(text) {
  return [text.split(/\d+/), text.split(/(\d)/), text.split(/(?:)/u, 3)]
}

//# padding, repeating, trimming
//> "  ab\t\n", 6
//> "", 3
function f(text, width) {
  return [
    text.trim(),
    text.trimStart(),
    text.trimEnd(),
    text.trim().padStart(width, "xy"),
    text.trim().padEnd(width),
    "-".repeat(width),
  ]
}

//# case
//> "Straße ÉTÉ ǆ"
//> "İIıi"
//> "ΑΣ"
function f(text) {
  return [text.toUpperCase(), text.toLowerCase(), text.toUpperCase().length, text.toLowerCase().length]
}

//# title case by words
//> "the quick  brown fox"
//> ""
function f(text) {
  return text
    .split(" ")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase())
    .join(" ")
}

//# replace with strings
//> "a.b.a", "a"
//> "$1 $& $$", "$"
function f(text, part) {
  return [
    text.replace(part, "[$&]"),
    text.replaceAll(part, "<$`|$'>"),
    text.replaceAll(part, "$$"),
    text.replace("zz", "y"),
  ]
}

//# replace with functions
//> "price 10 and 250"
//> "none"
function f(text) {
  return [
    text.replace(/\d+/g, (digits, at) => `<${Number(digits) * 2}@${at}>`),
    text.replace(/(?<word>[a-z]+)/g, (...all) => `${all.at(-1).word.length}`),
    text.replaceAll(/[aeiou]/g, (vowel) => vowel.toUpperCase()),
  ]
}

//# replacement patterns
//> "John Smith"
//> "x"
function f(text) {
  return [
    text.replace(/(\w+)\s(\w+)/, "$2, $1"),
    text.replace(/(?<a>\w+)/, "[$<a>]"),
    text.replace(/(x)?/, "<$1$2$01>"),
  ]
}

//# unicode: code points, normal forms
//> "e\u0301"
//> "ﬁ"
//> "👨‍👩‍👧"
function f(text) {
  return [
    [...text],
    text.normalize("NFC").length,
    text.normalize("NFD").length,
    text.normalize("NFKC"),
    [...text].map((c) => c.codePointAt(0).toString(16)),
  ]
}

//# lone surrogates
//> "a😀b"
//> "ab"
function f(text) {
  const cut = text.slice(0, 2)
  return [cut.isWellFormed(), cut.toWellFormed(), text.isWellFormed(), [...cut].length]
}

//# from code points
//> [72, 105, 128512]
//> []
function f(codes) {
  return [
    String.fromCodePoint(...codes),
    String.fromCharCode(...codes).length,
    codes.map((c) => String.fromCharCode(c & 127)),
  ]
}

//# comparison is by code unit
//> ["b", "a", "B", "é", "z", "10", "9"]
//> []
function f(words) {
  return [
    words.toSorted(),
    words.toSorted().reverse().at(0) ?? null,
    words.toSorted((a, b) => a.length - b.length),
  ]
}

//# palindromes
//> "A man, a plan, a canal: Panama"
//> "race a car"
function f(text) {
  const letters = [...text.toLowerCase()].filter((c) => /[a-z0-9]/.test(c))
  return letters.every((c, i) => c === letters.at(-1 - i))
}

//# caesar cipher
//> "Hello, World!", 3
//> "xyz", -27
function f(text, shift) {
  const turn = (code, base) => String.fromCharCode(((((code - base + shift) % 26) + 26) % 26) + base)
  return text.replace(/[a-z]/gi, (c) => turn(c.charCodeAt(0), c === c.toLowerCase() ? 97 : 65))
}

//# run lengths
//> "aaabccd"
//> ""
function f(text) {
  const packed = text.replace(/(.)\1*/g, (run, c) => `${c}${run.length}`)
  const unpacked = packed.replace(/(\D)(\d+)/g, (_, c, n) => c.repeat(Number(n)))
  return [packed, unpacked === text]
}

//# roman numerals
//> 1994
//> 4
function f(n) {
  const table = [
    [1000, "M"],
    [900, "CM"],
    [500, "D"],
    [400, "CD"],
    [100, "C"],
    [90, "XC"],
    [50, "L"],
    [40, "XL"],
    [10, "X"],
    [9, "IX"],
    [5, "V"],
    [4, "IV"],
    [1, "I"],
  ]
  let text = ""
  for (const [value, letters] of table) {
    while (n >= value) {
      text += letters
      n -= value
    }
  }
  return text
}

//# edit distance
//> "kitten", "sitting"
//> "", "abc"
function f(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1))
    }
    row = next
  }
  return row.at(-1)
}

//# anagrams
//> ["eat", "tea", "tan", "ate", "nat", "bat"]
//> []
function f(words) {
  const groups = {}
  for (const word of words) (groups[[...word].sort().join("")] ??= []).push(word)
  return Object.values(groups)
}

//# balanced brackets
//> "{[()]}"
//> "([)]"
//> "((("
function f(text) {
  const pairs = { ")": "(", "]": "[", "}": "{" }
  const open = []
  for (const c of text) {
    if ("([{".includes(c)) open.push(c)
    else if (c in pairs && open.pop() !== pairs[c]) return false
  }
  return open.length === 0
}

//# concat, at, localized nothing
//> "a"
function f(text) {
  return [
    text.concat(1, null, ["x"]),
    text.valueOf() === text,
    text.toString(),
    "b".codePointAt(),
    "".at(0),
    "abc".anchor?.length,
  ]
}

//# escapes in literals
//> 1
function f(a) {
  return [
    "\x41\u0042\u{43}\u{1F600}",
    "\0\b\f\v".length,
    "it's",
    "line\
continued",
    `\``,
    "\q",
    "\u2028".length,
    a,
  ]
}

//# uri coding
//> "a b&c=d/é?😀"
//> "%41%zz"
function f(text) {
  let decoded
  try {
    decoded = decodeURIComponent(text)
  } catch (error) {
    decoded = error.name
  }
  return [
    encodeURIComponent(text),
    encodeURI(text),
    decoded,
    decodeURIComponent(encodeURIComponent(text)) === text,
  ]
}
