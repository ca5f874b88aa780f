import type { Look } from "../model/palette.ts"

/** A short piece of the line as it is drawn. */
export const Swatch = ({ look, area = false }: { readonly look: Look; readonly area?: boolean }) => (
  <svg
    width={area ? 9 : 18}
    height="8"
    aria-hidden
    className="inline-block shrink-0"
    style={{ color: `var(${look.color})` }}
  >
    {area ? (
      <rect width="9" height="8" rx="1.5" fill="currentColor" />
    ) : (
      <line
        x1="0"
        x2="18"
        y1="4"
        y2="4"
        stroke="currentColor"
        strokeWidth="2"
        strokeDasharray={look.dash.join(" ")}
      />
    )}
  </svg>
)

export const Legend = ({
  entries,
  area = false,
}: {
  readonly entries: ReadonlyArray<{ readonly label: string; readonly look: Look }>
  readonly area?: boolean
}) => (
  <ul className="flex flex-wrap items-center gap-x-2.5 text-xs text-soft">
    {entries.map(({ label, look }) => (
      <li key={label} className="flex items-center gap-1">
        <Swatch look={look} area={area} />
        {label}
      </li>
    ))}
  </ul>
)
