/** Modules of the user's: configurations and environments. Node strips their types. */
import { readFileSync, realpathSync } from "node:fs"
import { findPackageJSON, registerHooks } from "node:module"
import path from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"

/** What is imported: a module file, or a specifier as it stands in a module of a folder. */
export interface ModuleReference {
  readonly specifier: string
  /** Folder that the specifier is resolved from, as in a module there. */
  readonly folder: string
  /** Whether the export condition `@azr/source` holds: a package under development is loaded from its sources. */
  readonly source: boolean
}

export const moduleFile = (file: string): ModuleReference => ({
  specifier: pathToFileURL(path.resolve(file)).href,
  folder: path.dirname(path.resolve(file)),
  source: false,
})

export interface UserModule {
  readonly file: string
  readonly exports: Readonly<Record<string, unknown>>
}

/** The reference names nothing: no such package, or no such file. */
export class ModuleMissing extends Error {}

/** A module loads another copy of a package that there may be only one of. */
export class SecondCopy extends Error {}

/** Packages whose values cross the border between a command and a module: with two copies, types and services come apart. */
const shared = ["effect", "@azr/core"]

const isOf = (specifier: string, name: string): boolean =>
  specifier === name || specifier.startsWith(`${name}/`)

/** The folder of the package that a bare name means here, or that a file's URL lies in. */
const packageFolder = (specifier: string): string | null => {
  const found = findPackageJSON(specifier, import.meta.url)
  return found === undefined ? null : path.dirname(realpathSync(found))
}

const isInstalled = (specifier: string, parentURL: string | undefined): boolean => {
  if (parentURL === undefined || /^(?:\.|[a-z]+:)/u.test(specifier)) return false
  try {
    const found = findPackageJSON(specifier, parentURL)
    return found !== undefined && realpathSync(found).includes(`${path.sep}node_modules${path.sep}`)
  } catch {
    // None: a module of Node's, or one that will not be found.
    return false
  }
}

const described = (folder: string): string => {
  const { version } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as {
    readonly version: string
  }
  return `${folder} (${version})`
}

const checkCopy = (specifier: string, url: string) => {
  const name = shared.find((each) => isOf(specifier, each))
  if (name === undefined || !url.startsWith("file:")) return
  const own = packageFolder(name)
  const file = fileURLToPath(url)
  if (own === null || file.startsWith(own + path.sep)) return
  const other = packageFolder(url) ?? path.dirname(file)
  throw new SecondCopy(
    `it loads its own copy of ${name}, ${described(other)}, beside the one of this command, ${described(own)}: ` +
      `run the azr that is installed beside it (npx azr), or make ${name} a peer dependency there and remove that copy`,
  )
}

/** The export condition by which packages under development are their sources. */
const sources = "@azr/source"

let imports = 0

/**
 * Imports a module. `effect` and `@azr/…`, where nothing near it is called so, are those of this command: a module may lie
 * anywhere. With `oneCopy`, one that loads another copy of what has to be shared is refused.
 */
export const importModule = async (
  { folder, source, specifier }: ModuleReference,
  { oneCopy }: { readonly oneCopy: boolean },
): Promise<UserModule> => {
  const entry = `azr-import:${imports++}`
  let file: string | null = null
  const hooks = registerHooks({
    resolve: (wanted, context, next) => {
      const isEntry = wanted === entry
      const name = isEntry ? specifier : wanted
      const given = isEntry && source ? [...context.conditions, sources] : context.conditions
      const parentURL = isEntry ? pathToFileURL(path.join(folder, "azr")).href : context.parentURL
      const from = (parentURL: string | undefined) =>
        next(name, {
          ...context,
          // This command may run from its sources, what is installed must not: Node strips no types there.
          conditions: isInstalled(name, parentURL) ? given.filter((each) => each !== sources) : given,
          parentURL,
        })
      let found
      try {
        found = from(parentURL)
      } catch (error) {
        if (!isOf(name, "effect") && !name.startsWith("@azr/")) throw error
        found = from(import.meta.url)
      }
      if (isEntry) file = fileURLToPath(found.url)
      if (oneCopy) checkCopy(name, found.url)
      return found
    },
  })
  try {
    const exports = (await import(entry)) as Readonly<Record<string, unknown>>
    return { file: file ?? specifier, exports }
  } catch (error) {
    if (file === null) throw new ModuleMissing(error instanceof Error ? error.message : String(error))
    throw error
  } finally {
    hooks.deregister()
  }
}
