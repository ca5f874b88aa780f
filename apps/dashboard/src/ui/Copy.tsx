import { type ReactNode, useState } from "react"

/** Puts a text on the clipboard and says so; where the clipboard is closed, it shows the text to take. */
export const Copy = ({ text, children }: { readonly text: string; readonly children: ReactNode }) => {
  const [state, setState] = useState<"idle" | "copied" | "refused">("idle")
  return (
    <>
      <button
        type="button"
        className="button"
        title={text.length < 2000 ? text : undefined}
        onClick={() =>
          navigator.clipboard.writeText(text).then(
            () => setState("copied"),
            () => setState("refused"),
          )
        }
      >
        {state === "copied" ? "Copied" : children}
      </button>
      <span role="status" className="sr-only">
        {state === "copied" ? "Copied" : ""}
      </span>
      {state === "refused" ? (
        <textarea
          readOnly
          aria-label="Text to copy"
          className="field h-16 w-full font-mono text-xs"
          value={text}
        />
      ) : null}
    </>
  )
}
