/** Modules of the user's: configurations and environments. Node strips their types. */
import { registerHooks } from "node:module"
import path from "node:path"
import { pathToFileURL } from "node:url"

/** A module may lie anywhere: `@azr/core`, where nothing near it is called so, is the one of this command. */
const ownPackages = () =>
  registerHooks({
    resolve: (specifier, context, next) => {
      try {
        return next(specifier, context)
      } catch (error) {
        if (!specifier.startsWith("@azr/")) throw error
        return next(specifier, { ...context, parentURL: import.meta.url })
      }
    },
  })

/** The default export of a module file. */
export const importUserModule = async (file: string): Promise<unknown> => {
  const hooks = ownPackages()
  try {
    const module = (await import(pathToFileURL(path.resolve(file)).href)) as { readonly default?: unknown }
    return module.default
  } finally {
    hooks.deregister()
  }
}
