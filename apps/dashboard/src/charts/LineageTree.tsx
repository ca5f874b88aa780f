/** The tasks that a task descends from and those that descend from it, from left to right; difficulty by colour and by number. */
import type { LineageTask } from "@azr/core/dashboard"
import { hierarchy, tree } from "d3-hierarchy"
import { useEffect, useRef } from "react"
import { shortTitle } from "../model/task.ts"
import { lookOf } from "../model/palette.ts"
import { inertLine } from "../model/inert.ts"

interface Node {
  readonly task: LineageTask
  readonly children: ReadonlyArray<Node>
}

const width = 190
const tall = 44
const column = 232
const row = 54

/** Solved by all is light, solved by none is dark: a scale of one hue, so that it reads without colours, too. */
export const difficultyMix = (successRate: number | null): string =>
  successRate === null
    ? "var(--raised)"
    : `color-mix(in oklab, var(--abduction) ${Math.round((1 - successRate) * 100)}%, var(--panel))`

const grow = (
  id: number,
  next: (id: number) => ReadonlyArray<number>,
  tasks: ReadonlyMap<number, LineageTask>,
  seen: ReadonlySet<number>,
): Node | null => {
  const task = tasks.get(id)
  if (task === undefined || seen.has(id)) return null
  const now = new Set([...seen, id])
  return { task, children: next(id).flatMap((child) => grow(child, next, tasks, now) ?? []) }
}

interface Placed {
  readonly key: string
  readonly task: LineageTask
  readonly x: number
  readonly y: number
  readonly from: { readonly x: number; readonly y: number } | null
}

const place = (root: Node, direction: 1 | -1): ReadonlyArray<Placed> => {
  const laid = tree<Node>().nodeSize([row, column])(hierarchy(root, (node) => [...node.children]))
  return laid.descendants().map((node) => ({
    key: `${direction}/${node
      .ancestors()
      .map((each) => each.data.task.id)
      .join("/")}`,
    task: node.data.task,
    x: direction * node.y,
    y: node.x,
    from: node.parent === null ? null : { x: direction * node.parent.y, y: node.parent.x },
  }))
}

export const LineageTree = ({
  focus,
  tasks,
  onOpen,
}: {
  readonly focus: number
  readonly tasks: ReadonlyArray<LineageTask>
  readonly onOpen: (id: number) => void
}) => {
  const byId = new Map(tasks.map((task) => [task.id, task]))
  const childrenOf = new Map<number, Array<number>>()
  for (const { id, parents } of tasks)
    for (const parent of parents) childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), id])
  const back = grow(focus, (id) => byId.get(id)?.parents ?? [], byId, new Set())
  const ahead = grow(focus, (id) => childrenOf.get(id) ?? [], byId, new Set())
  const scroller = useRef<HTMLDivElement>(null)
  const placed = [
    ...(back === null ? [] : place(back, -1)),
    ...(ahead === null ? [] : place(ahead, 1).slice(1)),
  ]
  const left = Math.min(...placed.map(({ x }) => x))
  const right = Math.max(...placed.map(({ x }) => x)) + width
  const top = Math.min(...placed.map(({ y }) => y)) - tall / 2 - 8
  const bottom = Math.max(...placed.map(({ y }) => y)) + tall / 2 + 8
  const focusLeft = -left
  useEffect(() => {
    const element = scroller.current
    if (element === null) return
    element.scrollLeft = focusLeft + width / 2 - element.clientWidth / 2
    element.scrollTop = -top - element.clientHeight / 2
  }, [focus, focusLeft, top])
  if (placed.length === 0) return null
  return (
    <div
      ref={scroller}
      className="relative max-h-[60vh] overflow-auto"
      tabIndex={0}
      role="region"
      aria-label="Tree of the task"
    >
      <div className="relative mx-auto" style={{ width: right - left + 4, height: bottom - top }}>
        <svg aria-hidden className="absolute inset-0" width={right - left} height={bottom - top}>
          {placed.map(({ from, key, x, y }) => {
            if (from === null) return null
            const [a, b] = from.x < x ? [from, { x, y }] : [{ x, y }, from]
            const [x1, y1, x2, y2] = [a.x - left + width, a.y - top, b.x - left, b.y - top]
            return (
              <path
                key={key}
                d={`M${x1},${y1}C${x1 + 22},${y1} ${x2 - 22},${y2} ${x2},${y2}`}
                fill="none"
                stroke="var(--soft)"
                strokeOpacity="0.6"
              />
            )
          })}
        </svg>
        <ul>
          {placed.map(({ key, task, x, y }) => (
            <li
              key={key}
              className="absolute"
              style={{ left: x - left, top: y - top - tall / 2, width, height: tall }}
            >
              <button
                type="button"
                onClick={() => onOpen(task.id)}
                aria-current={task.id === focus ? "true" : undefined}
                className={`flex h-full w-full items-stretch overflow-hidden rounded-md border bg-panel text-left text-xs hover:bg-raised ${
                  task.id === focus ? "border-2 border-ink" : "border-rule"
                }`}
              >
                <span
                  className="w-2.5 shrink-0"
                  style={{ background: difficultyMix(task.successRate) }}
                  aria-hidden
                />
                <span className="flex min-w-0 flex-1 flex-col justify-center px-2">
                  <span className="flex items-baseline gap-1.5">
                    <b className="font-semibold">#{task.id}</b>
                    <span style={{ color: `var(${lookOf(task.kind).color})` }}>{task.kind}</span>
                    <span className="ml-auto text-soft">
                      {task.successRate === null
                        ? task.step === 0
                          ? "seed"
                          : "–"
                        : `${Math.round(task.successRate * 100)} %`}
                    </span>
                  </span>
                  <span className="truncate font-mono text-[0.6875rem] text-soft">
                    {inertLine(shortTitle(task.title), 60)}
                  </span>
                </span>
              </button>
            </li>
          ))}
        </ul>
      </div>
    </div>
  )
}
