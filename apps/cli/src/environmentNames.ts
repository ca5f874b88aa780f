/** How environments of the user's are named: by path or by package. Pure, and without what loading them takes. */
import path from "node:path"

/** What is between a folder and the name of a package that is looked up from there. */
export const modulesFolder = `${path.sep}node_modules${path.sep}`

export const isModuleFile = (name: string): boolean => /\.[cm]?[jt]s$/u.test(name)

/**
 * A path becomes absolute; any other name is a package and becomes `<folder>/node_modules/<name>`, which says from where it is
 * looked up: there or in a folder above, as Node does it.
 */
export const absoluteName = (name: string, folder: string): string =>
  /^(?:\.{0,2}\/|\.{1,2}$)/u.test(name) || isModuleFile(name)
    ? path.resolve(folder, name)
    : path.join(path.resolve(folder), "node_modules", name)

/** A name as people write it. */
export const shortName = (name: string): string => name.split(modulesFolder).at(-1) ?? name
