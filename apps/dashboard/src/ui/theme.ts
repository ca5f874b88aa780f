/** Light or dark: what the system prefers, unless the reader chose. The choice stays in this browser. */
import { useSyncExternalStore } from "react"

export type Theme = "system" | "light" | "dark"

const key = "azr.theme"
const dark = globalThis.matchMedia?.("(prefers-color-scheme: dark)")
const listeners = new Set<() => void>()
let revision = 0

const changed = (): void => {
  revision++
  for (const listener of listeners) listener()
}

const stored = (): Theme => {
  const value = globalThis.localStorage?.getItem(key)
  return value === "light" || value === "dark" ? value : "system"
}

const apply = (theme: Theme): void => {
  if (theme === "system") delete document.documentElement.dataset["theme"]
  else document.documentElement.dataset["theme"] = theme
}

export const startTheme = (): void => {
  apply(stored())
  dark?.addEventListener("change", changed)
}

export const setTheme = (theme: Theme): void => {
  localStorage.setItem(key, theme)
  apply(theme)
  changed()
}

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export const useTheme = (): Theme => useSyncExternalStore(subscribe, stored)

/** Changes whenever the colours do: canvases draw anew by it. */
export const useColorRevision = (): number => useSyncExternalStore(subscribe, () => revision)
