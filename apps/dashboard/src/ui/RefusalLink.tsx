import { Link } from "@tanstack/react-router"
import { reasonInWords } from "../model/series.ts"

/** Why proposals were refused, in words that lead to the proposals that came to that. */
export const RefusalLink = ({ reason, status }: { readonly reason: string; readonly status: string }) => (
  <Link
    className="link"
    from="/runs/$run"
    to="/runs/$run/rollouts"
    search={{ role: "propose", outcome: status }}
  >
    {reasonInWords(reason)}
  </Link>
)
