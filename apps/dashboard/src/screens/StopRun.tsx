/** Asks the process of a run to stop, once it is confirmed. Only a page that was opened with the command's token can. */
import { AlertDialog } from "@base-ui/react/alert-dialog"
import { useMutation, useQueryClient } from "@tanstack/react-query"
import { useState } from "react"
import type { RunView } from "@azr/core/dashboard"
import { runQuery, stopRun } from "../api/client.ts"
import { knownToken } from "../api/token.ts"
import { inertLine } from "../model/inert.ts"

export const StopRun = ({ view: { stop, summary } }: { readonly view: RunView }) => {
  const [open, setOpen] = useState(false)
  const client = useQueryClient()
  const token = knownToken()
  const request = useMutation({
    mutationFn: (held: string) => stopRun(summary.id, held),
    onSuccess: () => {
      setOpen(false)
      return client.invalidateQueries(runQuery(summary.id))
    },
  })
  if (stop === "asked")
    return (
      <span role="status" className="text-sm text-warn">
        stopping after this step
      </span>
    )
  if (stop === "impossible" || token === null) return null
  return (
    <AlertDialog.Root open={open} onOpenChange={setOpen}>
      <AlertDialog.Trigger className="button h-6">Stop …</AlertDialog.Trigger>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="fixed inset-0 bg-black/40" />
        <AlertDialog.Popup className="fixed top-1/2 left-1/2 w-[min(28rem,calc(100vw-2rem))] -translate-x-1/2 -translate-y-1/2 rounded-lg border border-rule bg-panel p-5 shadow-xl">
          <AlertDialog.Title className="text-lg font-semibold">
            Stop {inertLine(summary.id, 60)}?
          </AlertDialog.Title>
          <AlertDialog.Description className="mt-2 text-sm">
            It ends its step, writes a checkpoint and stops, as with Ctrl-C in its terminal. To go on later:{" "}
            <code className="font-mono text-xs">azr resume {inertLine(summary.id, 60)}</code>
          </AlertDialog.Description>
          <p role="status" className="mt-2 text-sm text-bad empty:hidden">
            {request.error === null ? "" : `It was not asked: ${request.error.message}`}
          </p>
          <div className="mt-4 flex justify-end gap-2">
            <AlertDialog.Close className="button">Let it run</AlertDialog.Close>
            <button
              type="button"
              className="button font-medium text-bad"
              disabled={request.isPending}
              onClick={() => request.mutate(token)}
            >
              Stop after this step
            </button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}
