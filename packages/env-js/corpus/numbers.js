//# number to text
//> 255
//> -0.000001
//> 1e21
//> 123456789.125
function f(n) {
  return [
    String(n),
    n.toString(2),
    n.toString(16),
    Math.trunc(n % 1e6).toString(36),
    n.toFixed(2),
    n.toPrecision(4),
    n.toExponential(3),
    n.toExponential(),
  ]
}

//# rounding
//> 2.5
//> -2.5
//> 1.005
//> 0.5
function f(n) {
  return [
    Math.round(n),
    Math.floor(n),
    Math.ceil(n),
    Math.trunc(n),
    n.toFixed(0),
    n.toFixed(2),
    Math.round(n * 100) / 100,
    n | 0,
  ]
}

//# text to number
//> "42px"
//> "  0x1F "
//> ""
//> "1_000"
function f(text) {
  return [
    Number(text),
    parseInt(text),
    parseFloat(text),
    +text,
    parseInt(text, 16),
    Number.parseInt(text, 2),
    Number.isInteger(Number(text)),
  ]
}

//# numbers of other types
//> [1]
//> null
//> true
//> "12n"
function f(a) {
  return [Number(a), parseInt(a), isNaN(a), Number.isNaN(a), isFinite(a), Number.isFinite(a)]
}

//# limits
//> 1
function f(a) {
  return [
    Number.MAX_SAFE_INTEGER + a,
    Number.MIN_VALUE / 2,
    Number.MAX_VALUE * 2,
    2 ** 53 === 2 ** 53 + a,
    0.1 * 3,
    1 / 3,
    100 / 3,
    1e21 + a,
    123456789 * 987654321,
  ]
}

//# Math
//> 10
//> -3
//> 0
function f(x) {
  return [
    Math.abs(x),
    Math.sign(x),
    Math.max(x, 1, 2),
    Math.min(x),
    Math.max(),
    Math.min(),
    Math.cbrt(x ** 3),
    Math.hypot(3, 4),
    Math.sqrt(x * x),
    Math.clz32(x),
    Math.fround(5.5),
    Math.imul(x, 4294967295),
    Math.log2(8),
    Math.log10(1000),
  ]
}

//# primes
//> 50
//> 1
function f(n) {
  const sieve = new Array(n + 1).fill(true)
  for (let i = 2; i * i <= n; i++) if (sieve[i]) for (let j = i * i; j <= n; j += i) sieve[j] = false
  return sieve.flatMap((isPrime, i) => (i > 1 && isPrime ? [i] : []))
}

//# divisors
//> 48, 18
//> 17, 5
function f(a, b) {
  const gcd = (x, y) => (y === 0 ? x : gcd(y, x % y))
  return {
    gcd: gcd(a, b),
    lcm: (a * b) / gcd(a, b),
    divisors: Array.from({ length: a }, (_, i) => i + 1).filter((d) => a % d === 0),
  }
}

//# bases
//> 255, 2
//> -31, 16
function f(n, base) {
  let rest = Math.abs(n)
  let digits = ""
  do {
    digits = (rest % base).toString(36) + digits
    rest = Math.floor(rest / base)
  } while (rest > 0)
  return [digits, n.toString(base), parseInt(n.toString(base), base) === n]
}

//# bits
//> 37
//> 0
function f(n) {
  let ones = 0
  for (let rest = n; rest; rest &= rest - 1) ones++
  const reversed = parseInt([...n.toString(2).padStart(8, "0")].reverse().join(""), 2)
  return [ones, reversed, n & -n, (n >>> 0).toString(2).length, 31 - Math.clz32(n)]
}

//# a generator of pseudo-random numbers
//> 42
//> 0
function f(seed) {
  const next = () => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  return [next(), next(), Math.floor(next() * 6) + 1]
}

//# statistics
//> [2, 4, 4, 4, 5, 5, 7, 9]
//> [1]
function f(list) {
  const mean = list.reduce((a, b) => a + b) / list.length
  const variance = list.reduce((sum, x) => sum + (x - mean) ** 2, 0) / list.length
  const sorted = list.toSorted((a, b) => a - b)
  const half = sorted.length >> 1
  return {
    mean,
    deviation: Math.sqrt(variance),
    median: sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2,
  }
}

//# BigInt arithmetic
//> 17n, 5n
//> -17n, 5n
//> 2n, 100n
function f(a, b) {
  return [a + b, a - b, a * b, a / b, a % b, -a, a ** 3n, a & b, a | b, a ^ b, ~a, a << 2n, a >> 1n, a > b]
}

//# BigInt and numbers
//> 10n
//> 0n
function f(a) {
  let mixed
  try {
    mixed = a + 1
  } catch (error) {
    mixed = error.name
  }
  return [
    mixed,
    a == 10,
    a === 10,
    a < 11,
    Number(a) + 1,
    BigInt(7) + a,
    BigInt("0xff"),
    BigInt.asUintN(8, 257n),
    BigInt.asIntN(8, 255n),
    typeof a,
    String(a),
    a ? 1 : 0,
    a.toString(16),
  ]
}

//# factorials beyond doubles
//> 30
//> 0
function f(n) {
  let exact = 1n
  let double = 1
  for (let i = 1; i <= n; i++) {
    exact *= BigInt(i)
    double *= i
  }
  return [exact, double, Number(exact) === double, exact.toString().length]
}

//# modular powers
//> 3n, 200n, 1000007n
//> 2n, 0n, 5n
function f(base, exponent, modulus) {
  let result = 1n
  base %= modulus
  while (exponent > 0n) {
    if (exponent & 1n) result = (result * base) % modulus
    base = (base * base) % modulus
    exponent >>= 1n
  }
  return result
}

//# numeric literals
//> 1
function f(a) {
  return [0xff, 0b101, 0o17, 1_000_000, .5, 5., 1E-7, 0.1e+2, 0XAB, 0xffn, 1_0n, a]
}

//# dates in UTC
//> 0
//> 1709208000000
//> -1
function f(time) {
  const date = new Date(time)
  return [
    date.toISOString(),
    date.getTime(),
    date.getUTCFullYear(),
    date.getUTCMonth(),
    date.getUTCDate(),
    date.getUTCDay(),
    date.getUTCHours(),
    JSON.stringify({ date }),
  ]
}

//# date arithmetic
//> 2024, 1, 31
//> 2023, 11, 25
function f(year, month, day) {
  const start = Date.UTC(year, month, day)
  const later = new Date(start)
  later.setUTCMonth(later.getUTCMonth() + 1)
  return [
    start,
    later.toISOString().slice(0, 10),
    (later - start) / 86400000,
    new Date(Date.UTC(year, 1, 29)).getUTCDate() === 29,
  ]
}

//# parsing dates
//> "2024-02-29T12:34:56.789Z"
//> "2024-02-29"
//> "2024-13-01"
function f(text) {
  const time = Date.parse(text)
  return [time, Number.isNaN(time) ? "invalid" : new Date(text).toISOString()]
}

//# number formatting by hand
//> 1234567.891
//> -5
function f(n) {
  const [whole, fraction = ""] = Math.abs(n).toFixed(2).split(".")
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",")
  return `${n < 0 ? "-" : ""}${grouped}.${fraction}`
}

//# trigonometry at exact points
//> 0
//> 1
function f(x) {
  return [
    Math.sin(0),
    Math.cos(0),
    Math.atan2(0, -x),
    Math.exp(0),
    Math.log(1),
    Math.PI > 3.14,
    Math.E < 2.72,
    Math.tanh(0),
    Math.asin(0),
  ]
}

//# transcendental functions, rounded
//> 0.5
//> 2
function f(x) {
  const rounded = (y) => Math.round(y * 1e9) / 1e9
  return [
    Math.sin(x),
    Math.cos(x),
    Math.tan(x),
    Math.exp(x),
    Math.log(x),
    Math.pow(x, 0.3),
    Math.sinh(x),
    Math.atan(x),
    Math.log1p(x),
    Math.expm1(x),
  ].map(rounded)
}

//# wrapped primitives
//> 5
//> "s"
function f(a) {
  const boxed = Object(a)
  return [
    typeof boxed,
    boxed == a,
    boxed === a,
    boxed + 1,
    boxed.valueOf() === a,
    Boolean(new Boolean(false)),
    new Number(3) + new Number(4),
  ]
}
