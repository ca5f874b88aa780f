import { Dialog } from "@base-ui/react/dialog"
import { useState } from "react"
import { keyHelp, setKeysEnabled, useKeys, useKeysEnabled } from "./keys.ts"
import { type Theme, setTheme, useTheme } from "./theme.ts"

const themes: ReadonlyArray<readonly [Theme, string]> = [
  ["system", "as the system"],
  ["light", "light"],
  ["dark", "dark"],
]

/** Keys and colours: what a reader may want to know or change about the page itself. */
export const Help = () => {
  const [open, setOpen] = useState(false)
  const keys = useKeysEnabled()
  const theme = useTheme()
  useKeys({ "?": () => setOpen(true) })
  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <Dialog.Trigger className="button" aria-label="Keys and colours">
        <span aria-hidden>?</span>
      </Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 bg-black/40" />
        <Dialog.Popup className="fixed top-1/2 left-1/2 w-[min(26rem,calc(100vw-2rem))] -translate-x-1/2 -translate-y-1/2 rounded-lg border border-rule bg-panel p-5 shadow-xl">
          <Dialog.Title className="mb-3 text-lg font-semibold">Keys and colours</Dialog.Title>
          <dl className="grid grid-cols-[5rem_1fr] gap-y-1.5 text-sm">
            {keyHelp.map(([key, what]) => (
              <div key={key} className="contents">
                <dt>
                  <kbd className="font-mono text-xs">{key}</kbd>
                </dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
          <label className="mt-4 flex items-center gap-2 text-sm">
            <input
              type="checkbox"
              checked={keys}
              onChange={(event) => setKeysEnabled(event.target.checked)}
            />
            single keys do this
          </label>
          <label className="mt-2 flex items-center gap-2 text-sm">
            Colours
            <select
              className="field"
              value={theme}
              onChange={(event) => setTheme(event.target.value as Theme)}
            >
              {themes.map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          </label>
          <Dialog.Close className="button mt-4">Close</Dialog.Close>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
