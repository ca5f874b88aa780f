import { Effect, FileSystem, Option, Path } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { quoted } from "../command.ts"
import { environmentIds } from "../environments.ts"
import { UsageError, unreadable } from "../exitCodes.ts"
import { Output } from "../Output.ts"
import { scaffold, templates } from "../scaffold.ts"

const isId = (text: string): boolean => /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/u.test(text)

/** The nearest id to what somebody wrote. */
const asId = (text: string): string =>
  text
    .replaceAll(/([a-z0-9])([A-Z])/gu, "$1-$2")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/gu, "-")
    .replaceAll(/^[^a-z]+|-+$/gu, "") || "my-environment"

/** A command that runs from its sources has packages that no registry knows. */
const isCheckout = import.meta.url.endsWith(".ts")

const checkPackages = Effect.fnUntraced(function* (packages: string | null, dryRun: boolean) {
  const fs = yield* FileSystem.FileSystem
  if (packages === null) {
    if (!isCheckout || dryRun) return
    return yield* new UsageError({
      message:
        "this azr runs from a checkout, and no registry has its packages: pack them with npm run pack -- ../azr-packages " +
        "in the checkout, then add --packages ../azr-packages",
    })
  }
  const names = yield* fs.readDirectory(packages).pipe(Effect.mapError(unreadable(packages)))
  if (!names.some((name) => /^azr-core-.*\.tgz$/u.test(name))) {
    return yield* new UsageError({ message: `--packages ${packages}: there is no azr-core-….tgz in it` })
  }
})

export const newCommand = Command.make(
  "new",
  {
    id: Argument.String("id").pipe(Argument.withDescription("Id of the environment, e.g. lox or tiny-sql")),
    template: Flag.Literals("template", templates).pipe(
      Flag.withDescription(
        "language: programs of a language, run by a guest in a sandbox; task: kinds of tasks in plain TypeScript, without an executor",
      ),
    ),
    dir: Flag.String("dir").pipe(
      Flag.withDescription("Folder to make it in (default ./<id>); nothing in it is overwritten"),
      Flag.optional,
    ),
    packages: Flag.String("packages").pipe(
      Flag.withDescription("Folder of packed @azr packages (npm run pack), where they are not in a registry"),
      Flag.optional,
    ),
    dryRun: Flag.Boolean("dry-run").pipe(
      Flag.withDescription("Say what would be written, and write nothing"),
      Flag.withDefault(false),
    ),
  },
  Effect.fn("azr env new")(function* ({ dir, dryRun, id, packages: given, template }) {
    const output = yield* Output
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    if (!isId(id)) {
      return yield* new UsageError({
        message: `${id} is no id: words in lower case, joined by -; did you mean ${asId(id)}?`,
      })
    }
    if (environmentIds.includes(id)) {
      return yield* new UsageError({ message: `${id} is the id of a built-in environment; take another` })
    }
    const packages = Option.getOrNull(given)
    yield* checkPackages(packages, dryRun)
    const folder = Option.getOrElse(dir, () => id)
    const target = path.resolve(folder)
    const files = scaffold(template, id, target, packages === null ? null : path.resolve(packages))
    for (const { name } of files) {
      if (yield* fs.exists(path.join(target, name)).pipe(Effect.orElseSucceed(() => true))) {
        return yield* new UsageError({
          message: `${path.join(folder, name)} is there already, and nothing is overwritten; take another --dir`,
        })
      }
    }
    for (const { content, name } of files) {
      if (!dryRun) {
        const file = path.join(target, name)
        yield* Effect.andThen(
          fs.makeDirectory(path.dirname(file), { recursive: true }),
          fs.writeFileString(file, content),
        ).pipe(
          Effect.mapError(
            ({ message }) => new UsageError({ message: `${file} cannot be written: ${message}` }),
          ),
        )
      }
      yield* output.result(path.join(folder, name))
    }
    yield* output.progress(dryRun ? "nothing was written (--dry-run); then:" : "next:")
    yield* output.progress(`  cd ${quoted(folder)} && npm install`)
    yield* output.progress("  npm run build")
    yield* output.progress("  npx azr env test .")
  }),
).pipe(
  Command.withDescription(
    "Make a new environment that passes its contract, to be changed into yours: sources, prompts, tests, build, README. " +
      "Prints the files, and the three commands that come next",
  ),
  Command.withShortDescription("Make a new environment from a template"),
  Command.withExamples([
    { command: "azr env new lox --template language", description: "A language, in ./lox" },
    { command: "azr env new tiny-sql --template task --dry-run", description: "Only the names of the files" },
  ]),
)
