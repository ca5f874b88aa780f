/** Mistakes in reading and judging responses. */
import { Effect, Result, Schema } from "effect"
import { FormatError, ProposalRejected } from "../../../src/Environment.ts"
import {
  type EnvironmentMistake,
  type Kind,
  changeComposite,
  changeKind,
  counted,
  held,
  isTrain,
  wrong,
} from "./puzzles.ts"

export const answerMistakes: ReadonlyArray<EnvironmentMistake> = [
  {
    clauses: ["gold response of every task"],
    what: "gold responses that nobody can read",
    make: () =>
      changeKind(({ goldResponse }) => ({
        goldResponse: (task, style) => (isTrain(task) ? "the result" : goldResponse(task, style)),
      })),
  },
  {
    clauses: ["gold response of every task"],
    what: "gold responses off by one",
    make: () =>
      changeKind(({ goldResponse }) => ({
        goldResponse: (task, style) => String(Number(goldResponse(task, style)) + (isTrain(task) ? 1 : 0)),
      })),
  },
  {
    clauses: ["an answer comes back"],
    what: "a schema of answers that knows one",
    make: () => changeKind(() => ({ answerSchema: Schema.Literal(0) as unknown as Kind["answerSchema"] })),
  },
  {
    clauses: ["noise is never correct"],
    what: "a comparison that anything but a number passes",
    make: () =>
      changeKind(({ goldResponse }) => ({
        parseAnswer: (text) => Result.succeed(Number(text)),
        answerSchema: Schema.Unknown,
        verify: (task, answer) => {
          const right = Number(goldResponse(task, "full"))
          const given = answer as number
          return Math.abs(given - right) > 0
            ? wrong(`it is ${right}`)
            : Effect.succeed({ verdict: "correct", reason: "" } as const)
        },
      })),
  },
  {
    // Whatever asks with damaged responses meets it.
    clauses: [
      "damaged gold responses",
      "says why",
      "give the same each time",
      "at once is answered",
      "an interrupted call",
      "opened once more",
      "no text tells",
    ],
    what: "a parser that an empty response crashes",
    make: () =>
      changeKind(({ parseAnswer }) => ({
        parseAnswer: (text, style) => {
          if (text === "") throw new RangeError("an empty response")
          return parseAnswer(text, style)
        },
      })),
  },
  {
    clauses: ["answers are told apart"],
    what: "a judge that says yes",
    make: () =>
      changeKind(() => ({ verify: () => Effect.succeed({ verdict: "correct", reason: "" } as const) })),
  },
  {
    clauses: ["a share, at least 0"],
    what: "partial credit for how far off an answer is",
    make: () =>
      changeKind(({ goldResponse }) => ({
        partial: (task, answer) =>
          Effect.succeed(Math.abs(Number(goldResponse(task, "full")) - (answer as number))),
      })),
  },
  {
    clauses: ["composite proposals"],
    what: "functions whose names are never the same",
    make: () =>
      changeComposite(({ proposePrompt }) => ({
        proposePrompt: (references, style) => [
          ...proposePrompt(references, style),
          { role: "user", content: `function ${counted()}` },
        ],
      })),
  },
  {
    clauses: ["composite proposals"],
    what: "a parser of composite proposals that throws",
    make: () =>
      changeComposite(({ parseProposal }) => ({
        parseProposal: (text, references, style) => {
          if (text.includes("⟨")) throw new SyntaxError("what is this?")
          return parseProposal(text, references, style)
        },
      })),
  },
  {
    clauses: ["says why"],
    what: "a verdict without a reason",
    make: () =>
      changeKind(({ verify }) => ({
        verify: (task, answer) => Effect.map(verify(task, answer), (given) => ({ ...given, reason: "" })),
      })),
  },
  {
    clauses: ["any response is a proposal"],
    what: "a parser of proposals that throws",
    make: () =>
      changeKind(({ parseProposal }) => ({
        parseProposal: (text, references, style) => {
          if (text.includes("⟨")) throw new SyntaxError("what is this?")
          return parseProposal(text, references, style)
        },
      })),
  },
  {
    clauses: ["any response is a proposal"],
    what: "a refusal without a code",
    make: () =>
      changeKind(({ parseProposal, validate }) => ({
        parseProposal: (text, references, style) =>
          text.includes("⟨") ? Result.succeed(held(1000, 1)) : parseProposal(text, references, style),
        validate: (draft) =>
          Effect.mapError(validate(draft), (error) =>
            error._tag === "ProposalRejected"
              ? new ProposalRejected({ reason: "", message: error.message })
              : error,
          ),
      })),
  },
  {
    clauses: ["example proposals"],
    what: "a parser that takes nothing",
    make: () =>
      changeKind(() => ({ parseProposal: () => Result.fail(new FormatError({ message: "no puzzle" })) })),
  },
]
