/** The tasks that a task descends from and those that descend from it, from left to right; difficulty by colour and by number. */
import type { LineageTask } from "@azr/core/dashboard"
import { hierarchy, tree } from "d3-hierarchy"
import { useEffect, useRef } from "react"
import { shortTitle } from "../model/task.ts"
import { lookOf } from "../model/palette.ts"
import { inertLine } from "../model/inert.ts"

interface Node {
  readonly task: LineageTask
  readonly children: Array<Node>
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

/** Each task that is reached from one, once: below the task nearest to it that leads there. */
const grow = (
  id: number,
  next: (id: number) => ReadonlyArray<number>,
  tasks: ReadonlyMap<number, LineageTask>,
): Node | null => {
  const task = tasks.get(id)
  if (task === undefined) return null
  const root: Node = { task, children: [] }
  const seen = new Set([id])
  const queue = [root]
  for (let node = queue.shift(); node !== undefined; node = queue.shift()) {
    for (const child of next(node.task.id)) {
      const found = tasks.get(child)
      if (found === undefined || seen.has(child)) continue
      seen.add(child)
      const below: Node = { task: found, children: [] }
      node.children.push(below)
      queue.push(below)
    }
  }
  return root
}

interface Placed {
  readonly key: string
  readonly task: LineageTask
  readonly x: number
  readonly y: number
  /** The task next to it, towards the one that the tree is of. */
  readonly from: Placed | null
}

const place = (root: Node, direction: 1 | -1): ReadonlyArray<Placed> => {
  const laid = tree<Node>().nodeSize([row, column])(hierarchy(root, (node) => [...node.children]))
  const placed = new Map<number, Placed>()
  // From the root outwards.
  for (const node of laid.descendants()) {
    const { task } = node.data
    placed.set(task.id, {
      key: `${direction}/${task.id}`,
      task,
      x: direction * node.y,
      y: node.x,
      from: node.parent === null ? null : (placed.get(node.parent.data.task.id) ?? null),
    })
  }
  return [...placed.values()]
}

/** From parents to children that have a nearer way to the task that the tree is of: [parent, child]. */
const otherWays = (side: ReadonlyArray<Placed>): ReadonlyArray<readonly [Placed, Placed]> => {
  const byId = new Map(side.map((placed) => [placed.task.id, placed]))
  return side.flatMap((child) =>
    child.task.parents.flatMap((id) => {
      const parent = byId.get(id)
      return parent === undefined || parent.from === child || child.from === parent
        ? []
        : [[parent, child] as const]
    }),
  )
}

export const LineageTree = ({
  focus,
  kinds,
  tasks,
  onOpen,
}: {
  readonly focus: number
  /** Of the run: what has a colour. */
  readonly kinds: ReadonlyArray<string>
  readonly tasks: ReadonlyArray<LineageTask>
  readonly onOpen: (id: number) => void
}) => {
  const byId = new Map(tasks.map((task) => [task.id, task]))
  const childrenOf = new Map<number, Array<number>>()
  for (const { id, parents } of tasks)
    for (const parent of parents) childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), id])
  const back = grow(focus, (id) => byId.get(id)?.parents ?? [], byId)
  const ahead = grow(focus, (id) => childrenOf.get(id) ?? [], byId)
  const scroller = useRef<HTMLDivElement>(null)
  const sides = [back === null ? [] : place(back, -1), ahead === null ? [] : place(ahead, 1)]
  const others = sides.flatMap(otherWays)
  const placed = sides.flatMap((side, index) => (index === 0 ? side : side.slice(1)))
  const left = Math.min(...placed.map(({ x }) => x))
  const right = Math.max(...placed.map(({ x }) => x)) + width
  const top = Math.min(...placed.map(({ y }) => y)) - tall / 2 - 8
  const bottom = Math.max(...placed.map(({ y }) => y)) + tall / 2 + 8
  const focusLeft = -left
  const curve = (parent: Placed, child: Placed): string => {
    const [x1, y1, x2, y2] = [parent.x - left + width, parent.y - top, child.x - left, child.y - top]
    return `M${x1},${y1}C${x1 + 22},${y1} ${x2 - 22},${y2} ${x2},${y2}`
  }
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
          {others.map(([parent, child]) => (
            <path
              key={`${parent.key} ${child.key}`}
              d={curve(parent, child)}
              fill="none"
              stroke="var(--soft)"
              strokeOpacity="0.35"
              strokeDasharray="2 3"
            />
          ))}
          {placed.map((each) => {
            if (each.from === null) return null
            const [parent, child] = each.from.x < each.x ? [each.from, each] : [each, each.from]
            return (
              <path
                key={each.key}
                d={curve(parent, child)}
                fill="none"
                stroke="var(--soft)"
                strokeOpacity="0.7"
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
                    <span style={{ color: `var(${lookOf(task.kind, kinds).color})` }}>{task.kind}</span>
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
