/**
 * Private copies of what the guest uses while, or after, a program has run. A program may replace every
 * property of every object it can reach; it cannot reach these.
 *
 * Methods are called as functions, `uncurried(self, …)`, because `self.method(…)` would look the method up.
 * Elsewhere in the guest the same care shows in what is *not* written once a program has run: no iteration,
 * spreading or destructuring of arrays, no assignment to an array element that does not exist yet, no
 * property that the object at hand might not have.
 */
type Method<Self, Arguments extends ReadonlyArray<unknown>, Result> = (
  this: Self,
  ...values: Arguments
) => Result
type Uncurried<Self, Arguments extends ReadonlyArray<unknown>, Result> = (
  self: Self,
  ...values: Arguments
) => Result

const { bind, call } = Function.prototype

const uncurry = <Self, Arguments extends ReadonlyArray<unknown>, Result>(
  method: Method<Self, Arguments, Result>,
): Uncurried<Self, Arguments, Result> => bind.call(call, method) as never

const getter = (prototype: object, name: string): Uncurried<unknown, [], unknown> => {
  const get = Object.getOwnPropertyDescriptor(prototype, name)?.get
  if (get === undefined) throw new Error(`the engine has no accessor ${name}`)
  return uncurry(get)
}

export const { apply, construct, defineProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect
export const { hasOwn } = Object
export const { isArray } = Array
export const { parse: parseJson, stringify: stringifyJson } = JSON
export const toBigInt = BigInt

/** Indirect: the text is a script of its own and sees no variable of the guest. */
export const { eval: evaluate } = globalThis

export const isWellFormed: (text: string) => boolean = uncurry(String.prototype.isWellFormed)
export const toWellFormed: (text: string) => string = uncurry(String.prototype.toWellFormed)
export const slice: (text: string, start: number, end: number) => string = uncurry(String.prototype.slice)
export const codeUnitAt: (text: string, index: number) => number = uncurry(String.prototype.charCodeAt)
/**
 * Reads nothing of the pattern but its own `lastIndex`, where `test` and `match` would look for an `exec`.
 */
export const match: (pattern: RegExp, text: string) => RegExpExecArray | null = uncurry(RegExp.prototype.exec)

export const mapSize = getter(Map.prototype, "size")
export const setSize = getter(Set.prototype, "size")
export const eachOfMap: (map: unknown, visit: (value: unknown, key: unknown) => void) => void = uncurry(
  Map.prototype.forEach,
) as never
export const eachOfSet: (set: unknown, visit: (value: unknown) => void) => void = uncurry(
  Set.prototype.forEach,
) as never

/** Where an error was made, as the engine recorded it; no property of the error is read. */
export const stackOf = getter(Error.prototype, "stack")

export const objectPrototype: object = Object.prototype
export const arrayPrototype: object = Array.prototype
export const mapPrototype: object = Map.prototype
export const setPrototype: object = Set.prototype
export const rangeErrorPrototype: object = RangeError.prototype
export const syntaxErrorPrototype: object = SyntaxError.prototype
/** Of what QuickJS throws for its own limits. */
export const internalErrorPrototype: object = (globalThis as unknown as { InternalError: ErrorConstructor })
  .InternalError.prototype
