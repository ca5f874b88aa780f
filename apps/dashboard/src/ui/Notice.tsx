import type { ReactNode } from "react"

/** Something about the whole screen that the reader must know first. */
export const Notice = ({ title, children }: { readonly title: string; readonly children?: ReactNode }) => (
  <div className="mb-3 rounded-lg border border-rule border-l-4 border-l-warn bg-panel px-4 py-2.5">
    <h2 className="text-sm font-semibold">{title}</h2>
    <p className="text-sm text-soft">{children}</p>
  </div>
)
