/** The environments this command knows, by id, and those in modules and packages of the user's. */
import { existsSync, readFileSync, statSync } from "node:fs"
import path from "node:path"
import { Environment, type Executor, RunConfig, environmentProblem } from "@azr/core"
import type { LanguageEnvironment } from "@azr/core/language"
import python, { pythonNano, pythonNanoDirect, pythonNanoThink } from "@azr/env-python-wasm"
import javascript from "@azr/env-js"
import { Effect, Result, Schema } from "effect"
import { absoluteName, isModuleFile, modulesFolder, shortName } from "./environmentNames.ts"
import { describeOptions } from "./environmentOptions.ts"
import { UsageError } from "./exitCodes.ts"
import { readSeedFile, seededBy } from "./seedFile.ts"
import {
  ModuleMissing,
  type ModuleReference,
  type UserModule,
  importModule,
  moduleFile,
} from "./userModule.ts"

export const environments: ReadonlyArray<LanguageEnvironment> = [
  python,
  pythonNano,
  pythonNanoThink,
  pythonNanoDirect,
  javascript,
]

export const environmentIds: ReadonlyArray<string> = environments.map(({ id }) => id)

/** Whatever services its kinds need, its own layer provides; for languages that is an executor. */
export type AnyEnvironment = Environment.Environment<Executor.Executor>

type AnyPlugin = Environment.EnvironmentWithOptions<unknown, Executor.Executor>

// -------------------------------------------------------------------------------------------- references

/**
 * A reference that means the same from anywhere: ids of built-in environments stay, names of others become absolute.
 */
export const absoluteReference = (name: string, folder: string): string =>
  environmentIds.includes(name) ? name : absoluteName(name, folder)

const unusable = (name: string, reason: string) => new UsageError({ message: `${shortName(name)} ${reason}` })

/** What an absolute reference imports, or why it is none. */
export const moduleOf = (name: string): ModuleReference | UsageError => {
  const at = name.lastIndexOf(modulesFolder)
  if (at >= 0 && !isModuleFile(name)) {
    return { specifier: name.slice(at + modulesFolder.length), folder: name.slice(0, at), source: false }
  }
  if (!existsSync(name)) return unusable(name, "cannot be loaded: there is no such file or folder")
  if (!statSync(name).isDirectory()) return moduleFile(name)
  const manifest = path.join(name, "package.json")
  if (!existsSync(manifest)) {
    return unusable(
      name,
      "is a folder without a package.json; name its module, or give it one with name and exports",
    )
  }
  const {
    exports,
    main,
    name: specifier,
  } = JSON.parse(readFileSync(manifest, "utf8")) as {
    readonly exports?: unknown
    readonly main?: string
    readonly name?: string
  }
  // A package reaches its own exports by its name.
  return exports === undefined || specifier === undefined
    ? moduleFile(path.join(name, main ?? "index.js"))
    : { specifier, folder: name, source: true }
}

/** Names that the package around a folder depends on: what a misspelt package may be meant to be. */
const dependencyNames = (folder: string): ReadonlyArray<string> => {
  for (let at = folder; ; at = path.dirname(at)) {
    const manifest = path.join(at, "package.json")
    if (existsSync(manifest)) {
      const { dependencies, devDependencies } = JSON.parse(readFileSync(manifest, "utf8")) as {
        readonly dependencies?: object
        readonly devDependencies?: object
      }
      return Object.keys({ ...dependencies, ...devDependencies })
    }
    if (at === path.dirname(at)) return []
  }
}

const noSuchPackage = ({ folder, specifier }: ModuleReference): UsageError => {
  const meant = RunConfig.nearest(specifier, [...environmentIds, ...dependencyNames(folder)])
  return new UsageError({
    message:
      `no environment ${specifier}; did you mean ${meant}? It is neither built in (${environmentIds.join(", ")}) nor a package ` +
      `that ${folder} can import (npm install it there), and a path begins with ./`,
  })
}

// ---------------------------------------------------------------------------------------------- loading

/** What a module exports by default: an environment, or one that takes options. */
export type Plugin =
  | { readonly _tag: "environment"; readonly environment: AnyEnvironment }
  | { readonly _tag: "withOptions"; readonly plugin: AnyPlugin }

const isPlugin = (value: unknown): value is AnyPlugin =>
  typeof value === "object" &&
  value !== null &&
  "make" in value &&
  typeof value.make === "function" &&
  "options" in value &&
  Schema.isSchema(value.options)

const reasonOf = (error: unknown): string => {
  const message = error instanceof Error ? error.message : String(error)
  return error instanceof Error &&
    "code" in error &&
    error.code === "ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING"
    ? `${message}; a package that is installed has to export JavaScript: build it (tsc) and let its exports name the result`
    : message
}

const defaultExport = (name: string, { exports, file }: UserModule): Result.Result<Plugin, UsageError> => {
  const refuse = (problem: string) => Result.fail(unusable(name, `is no environment: ${problem} (${file})`))
  const found = exports["default"]
  if (found === undefined) {
    const others = Object.keys(exports)
    return refuse(
      others.length === 0
        ? "it exports nothing; write export default defineEnvironment({ … })"
        : `it has no default export; write export default ${RunConfig.nearest("environment", others)} (it exports ${others.join(", ")})`,
    )
  }
  if (isPlugin(found)) return Result.succeed({ _tag: "withOptions", plugin: found })
  const problem = environmentProblem(found)
  return problem === null
    ? Result.succeed({ _tag: "environment", environment: found as AnyEnvironment })
    : refuse(problem)
}

/** What a reference names; `name` may be relative to the current folder. */
export const readPlugin = Effect.fnUntraced(function* (given: string): Effect.fn.Return<Plugin, UsageError> {
  const builtIn = environments.find(({ id }) => id === given)
  if (builtIn !== undefined) return { _tag: "environment", environment: builtIn }
  const name = absoluteReference(given, process.cwd())
  const reference = moduleOf(name)
  if (reference instanceof UsageError) return yield* reference
  const module = yield* Effect.tryPromise({
    try: () => importModule(reference, { oneCopy: true }),
    catch: (error) =>
      error instanceof ModuleMissing && name.includes(modulesFolder) && !isModuleFile(name)
        ? noSuchPackage(reference)
        : unusable(given, `cannot be loaded: ${reasonOf(error)}`),
  })
  return yield* Effect.fromResult(defaultExport(given, module))
})

/** The environment that a plugin makes of the options given. */
export const withGivenOptions = (
  name: string,
  plugin: Plugin,
  given: unknown,
): Result.Result<AnyEnvironment, UsageError> => {
  const refuse = (problem: string) => Result.fail(unusable(name, problem))
  if (plugin._tag === "environment") {
    return given === undefined ? Result.succeed(plugin.environment) : refuse("takes no options")
  }
  const { make, options } = plugin.plugin
  const names = describeOptions(options).map((option) => option.name)
  const stranger = Object.keys(given ?? {}).find((key) => !names.includes(key))
  if (stranger !== undefined && names.length > 0) {
    const meant = RunConfig.nearest(stranger, names)
    return refuse(`has no option ${stranger}; did you mean ${meant}? It takes: ${names.join(", ")}`)
  }
  const decoded = Schema.decodeResult(options, {
    errors: "all",
    onExcessProperty: "error",
    reportInput: true,
  })(given ?? {})
  if (Result.isFailure(decoded)) {
    return refuse(`does not take these options: ${decoded.failure.message.replaceAll(/\s*\n\s*/gu, " ")}`)
  }
  const made = Result.try(() => make(decoded.success))
  if (Result.isFailure(made)) return refuse(`cannot be made of these options: ${reasonOf(made.failure)}`)
  const problem = environmentProblem(made.success)
  return problem === null ? Result.succeed(made.success) : refuse(`makes no environment: ${problem}`)
}

/** An environment by its id, path or package, with its options. */
export const readEnvironment = Effect.fnUntraced(function* (
  reference: RunConfig.EnvironmentReference,
): Effect.fn.Return<AnyEnvironment, UsageError> {
  const name = RunConfig.environmentName(reference)
  const plugin = yield* readPlugin(name)
  const given = typeof reference === "string" ? undefined : reference[1]
  return yield* Effect.fromResult(withGivenOptions(name, plugin, given))
})

/** Whether an environment is a language, as the commands that run programs need it. */
export const isLanguage = (environment: object): environment is LanguageEnvironment =>
  "language" in environment && "domain" in environment

/** The same for the commands that run programs. */
export const readLanguage = Effect.fnUntraced(function* (reference: RunConfig.EnvironmentReference) {
  const environment = yield* readEnvironment(reference)
  return isLanguage(environment)
    ? environment
    : yield* unusable(
        RunConfig.environmentName(reference),
        "is no programming language, which this command runs",
      )
})

export const environmentsOf = ({ environments }: RunConfig.RunConfig) =>
  Effect.forEach(environments, readEnvironment)

/** The environments of a configuration, running until the scope closes, with the seeds that it names. */
export const openEnvironments = Effect.fnUntraced(function* (config: RunConfig.RunConfig) {
  const { seedFile } = config
  const seeds = seedFile === null ? null : yield* readSeedFile(seedFile)
  return yield* Effect.forEach(
    yield* environmentsOf(config),
    Effect.fnUntraced(function* (environment) {
      const open = yield* Environment.open(environment)
      if (seeds === null) return open
      if (!isLanguage(environment)) {
        return yield* new UsageError({
          message: `seedFile: ${environment.id} is no language, its tasks are no programs`,
        })
      }
      return seededBy(seeds, open)
    }),
  )
})
