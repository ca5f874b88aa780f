/** New environments from the templates that this package ships: which files, with what in them. */
import { readFileSync, readdirSync, statSync } from "node:fs"
import path from "node:path"
import { fileURLToPath } from "node:url"
import { version } from "./version.ts"

export const templates = ["language", "task"] as const
export type Template = (typeof templates)[number]

/** A package inside a package has names that npm and publint do not take for its own. */
const manifest = "manifest.json"

/** What a template calls its environment, by its id and for people. */
const placeholders: Readonly<Record<Template, readonly [id: string, title: string]>> = {
  language: ["my-language", "My Language"],
  task: ["my-tasks", "My Tasks"],
}

export interface ScaffoldFile {
  /** Inside the new folder. */
  readonly name: string
  readonly content: string
}

/** `big-lox` as `Big Lox`. */
const titleOf = (id: string): string =>
  id
    .split("-")
    .map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`)
    .join(" ")

const templateFolder = (template: Template): string =>
  fileURLToPath(new URL(`../templates/${template}`, import.meta.url))

const filesIn = (folder: string): ReadonlyArray<string> =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(path.join(folder, name)).isFile())
    .toSorted()

type Versions = Readonly<Record<string, string>>

interface Manifest {
  readonly peerDependencies: Versions
  readonly devDependencies: Versions
}

/** Tarballs of @azr packages in a folder, by package. */
const packedPackages = (folder: string): Versions =>
  Object.fromEntries(
    readdirSync(folder).flatMap((name) => {
      const found = /^azr-(.+)-\d+\.\d+\.\d+[\w.-]*\.tgz$/u.exec(name)?.[1]
      return found === undefined ? [] : [[`@azr/${found}`, path.join(folder, name)]]
    }),
  )

const ours = (dependencies: Versions): Versions =>
  Object.fromEntries(
    Object.entries(dependencies).map(([name, wanted]) => [name, name.startsWith("@azr/") ? version : wanted]),
  )

/**
 * The manifest with the versions of this command's packages. With packed ones, all of them are development dependencies: what one of
 * them needs of the others is not looked for in a registry.
 */
const manifestText = (text: string, target: string, packages: string | null): string => {
  const given = JSON.parse(text) as Manifest
  const packed =
    packages === null
      ? {}
      : Object.fromEntries(
          Object.entries(packedPackages(packages)).map(([name, file]) => [
            name,
            `file:${path.relative(target, file)}`,
          ]),
        )
  const development = { ...ours(given.devDependencies), ...packed }
  const sorted = Object.fromEntries(Object.entries(development).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  return `${JSON.stringify({ ...given, peerDependencies: ours(given.peerDependencies), devDependencies: sorted }, null, 2)}\n`
}

/** The files of a new environment. `target` is its folder, `packages` one of packed @azr packages or null for the registry's. */
export const scaffold = (
  template: Template,
  id: string,
  target: string,
  packages: string | null,
): ReadonlyArray<ScaffoldFile> => {
  const folder = templateFolder(template)
  const [ownId, ownTitle] = placeholders[template]
  return filesIn(folder).map((name) => {
    const text = readFileSync(path.join(folder, name), "utf8")
      .replaceAll(ownId, id)
      .replaceAll(ownTitle, titleOf(id))
    return name === manifest
      ? { name: "package.json", content: manifestText(text, target, packages) }
      : { name: name === "gitignore" ? ".gitignore" : name, content: text }
  })
}
