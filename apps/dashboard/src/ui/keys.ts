/** Single keys of the page. They are silent while something is typed, with a modifier, and when they are turned off. */
import { useEffect, useRef, useSyncExternalStore } from "react"

const storageKey = "azr.keys"
const listeners = new Set<() => void>()

const enabled = (): boolean => localStorage.getItem(storageKey) !== "off"

export const useKeysEnabled = (): boolean =>
  useSyncExternalStore((listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }, enabled)

export const setKeysEnabled = (on: boolean): void => {
  localStorage.setItem(storageKey, on ? "on" : "off")
  for (const listener of listeners) listener()
}

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  target.closest("input, textarea, select, [contenteditable], [role=dialog]") !== null

export const useKeys = (bindings: Readonly<Record<string, () => void>>): void => {
  const latest = useRef(bindings)
  useEffect(() => {
    latest.current = bindings
  })
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || !enabled()) return
      const action = latest.current[event.key]
      if (action === undefined) return
      event.preventDefault()
      action()
    }
    addEventListener("keydown", onKey)
    return () => removeEventListener("keydown", onKey)
  }, [])
}

/** The field that `/` leads to. */
export const focusFilter = (): void => document.querySelector<HTMLElement>("[data-filter]")?.focus()

export const keyHelp: ReadonlyArray<readonly [string, string]> = [
  ["j  k", "next, previous row"],
  ["[  ]", "a step back, a step on"],
  ["/", "to the filter"],
  ["1 … 7", "screens of a run"],
  ["g", "to the runs"],
  ["Esc", "let go of the step"],
  ["?", "these keys"],
]
