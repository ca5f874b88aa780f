/** What became of a rollout: a sign, a word, a colour. */
const looks: Readonly<Record<string, readonly [string, string, string]>> = {
  accepted: ["✓", "accepted", "text-good"],
  correct: ["✓", "correct", "text-good"],
  wrong: ["✕", "wrong", "text-bad"],
  badFormat: ["!", "bad form", "text-bad"],
  invalid: ["✕", "invalid", "text-bad"],
  duplicate: ["=", "duplicate", "text-warn"],
  heldOut: ["◇", "held out", "text-soft"],
  infrastructure: ["?", "fault", "text-warn"],
}

export const Outcome = ({ outcome }: { readonly outcome: string }) => {
  const [sign, word, color] = looks[outcome] ?? ["·", outcome, "text-soft"]
  return (
    <span className={`truncate whitespace-nowrap ${color}`}>
      <span aria-hidden className="inline-block w-3.5">
        {sign}
      </span>
      {word}
    </span>
  )
}
