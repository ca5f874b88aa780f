/**
 * What the server wants to know before it does anything but read: the token behind the `#` of the address that the command
 * printed. Kept for this tab alone, and taken out of the address, so that a copied link does not carry it.
 */
const key = "azr-token"

export const takeToken = (): void => {
  const token = /^#token=([\w-]+)$/u.exec(location.hash)?.[1]
  if (token === undefined) return
  sessionStorage.setItem(key, token)
  history.replaceState(null, "", location.pathname + location.search)
}

/** Null: the page only reads. */
export const knownToken = (): string | null => sessionStorage.getItem(key)
