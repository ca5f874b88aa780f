/** Facts about programs, and which programs never become tasks. */
import { Result } from "effect"
import type { ProgramFacts } from "../../../Executor.ts"
import type { ProgramDraft } from "../../../language/Task.ts"
import { normalizedTreeDistance } from "../../../language/treeDistance.ts"
import { show } from "../calls.ts"
import { type UnnumberedClause, ensure, ensureThat, skip } from "../clause.ts"
import { leakIn } from "../texts.ts"
import { inspectLine } from "./GuardedExecutor.ts"
import { anyValue, languageClause } from "./languageClause.ts"

const isSorted = (names: ReadonlyArray<string>): boolean =>
  names.every((name, index) => index === 0 || (names[index - 1] as string) <= name)

const unsorted = (facts: ProgramFacts): string | undefined =>
  (["calls", "names", "attributes", "operations"] as const).find((name) => !isSorted(facts[name]))

export const factClauses: ReadonlyArray<UnnumberedClause> = [
  languageClause(
    "a program's facts: sorted lists, counts for complexities, a tree; for what is no program, why",
    "Rules, coverage and intrinsic rewards are computed from them.",
    function* ({ examples, executor }) {
      const { endless, floods, hoards, identity, malformed, prints, recurses, throws } = examples
      for (const program of [identity, endless, hoards, recurses, floods, prints.program, throws.program]) {
        const facts = yield* executor.inspect(program)
        const call = inspectLine(program)
        yield* ensure(facts.syntaxError === null, `it has the syntax error ${show(facts.syntaxError)}`, call)
        const list = unsorted(facts)
        yield* ensureThat(list === undefined, () => [`${list} is not sorted: ${show(facts)}`, call])
        const counts = Object.values(facts.complexity)
        yield* ensureThat(
          counts.every((count) => Number.isInteger(count) && count >= 0),
          () => [`complexity is ${show(facts.complexity)}`, call],
        )
        yield* ensureThat(/^\{.*\}$/su.test(facts.tree), () => [`the tree is ${show(facts.tree)}`, call])
      }
      const { syntaxError } = yield* executor.inspect(malformed)
      yield* ensure(syntaxError !== null && syntaxError !== "", "no syntax error", inspectLine(malformed))
      const leak = leakIn(syntaxError ?? "")
      yield* ensure(leak === null, `the syntax error tells ${leak}`, inspectLine(malformed))
    },
  ),

  languageClause(
    "duplicates have one canonical form and one tree, other programs have others",
    "Duplicates are refused and families capped by it.",
    function* ({ examples, executor }) {
      const [identity, disguise, other] = [
        yield* executor.inspect(examples.identity),
        yield* executor.inspect(examples.disguise),
        yield* executor.inspect(examples.throws.program),
      ]
      const call = inspectLine(examples.disguise)
      yield* ensure(
        identity.canonical === disguise.canonical,
        `it is ${show(disguise.canonical)}, and the identity ${show(identity.canonical)}`,
        call,
      )
      const apart = normalizedTreeDistance(identity.tree, disguise.tree)
      yield* ensure(apart === 0, `its tree is ${apart} away from the identity's`, call)
      yield* ensure(
        identity.canonical !== other.canonical && normalizedTreeDistance(identity.tree, other.tree) > 0,
        "it has the form or the tree of the identity",
        inspectLine(examples.throws.program),
      )
    },
  ),

  languageClause(
    "what fails or is different each time never becomes a task",
    "Such a task has no right answer.",
    function* (tested) {
      const { examples, language, subject } = tested
      const kind = subject.opened.kinds.find(({ id }) => id === "deduction" || id === "abduction")
      if (kind === undefined) return yield* skip("there are neither deduction nor abduction tasks")
      const { endless, floods, hoards, malformed, nondeterministic, recurses, throws } = examples
      const bad = [endless, hoards, recurses, floods, malformed, throws.program, ...nondeterministic]
      for (const program of bad) {
        const draft: ProgramDraft = {
          program,
          inputs: [language.renderArguments([anyValue(tested)])],
          message: "",
        }
        const task = yield* kind.validate(draft)
        yield* ensureThat(Result.isFailure(task), () => ["it is a task", kind.line("validate", draft)])
      }
    },
  ),
]
