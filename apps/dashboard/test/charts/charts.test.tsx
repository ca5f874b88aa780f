// @vitest-environment happy-dom
import { cleanup, render, screen, within } from "@testing-library/react"
import userEvent from "@testing-library/user-event"
import { afterEach, describe, expect, it } from "vitest"
import { Funnel } from "../../src/charts/Funnel.tsx"
import { HeatStrip } from "../../src/charts/HeatStrip.tsx"
import type { LineageTask } from "@azr/core/dashboard"
import { LineageTree } from "../../src/charts/LineageTree.tsx"
import { Sparkline } from "../../src/charts/Sparkline.tsx"
import { Panel } from "../../src/ui/Panel.tsx"

afterEach(cleanup)

describe("Funnel", () => {
  it("says how many are left at each stage", () => {
    render(
      <Funnel
        label="Proposals"
        stages={[
          { label: "proposed", count: 200 },
          { label: "parsed", count: 150 },
        ]}
      />,
    )
    const [proposed, parsed] = within(screen.getByRole("list", { name: "Proposals" })).getAllByRole(
      "listitem",
    )
    expect(proposed?.textContent).toBe("proposed200100.0 %")
    expect(parsed?.textContent).toBe("parsed15075.0 %")
  })

  it("has no share of nothing", () => {
    render(<Funnel label="Proposals" stages={[{ label: "proposed", count: 0 }]} />)
    expect(screen.getByRole("listitem").textContent).toBe("proposed00.0 %")
  })
})

describe("HeatStrip", () => {
  it("is darker where more tasks are", () => {
    const { container } = render(
      <HeatStrip
        label="rates"
        height={90}
        steps={[1, 2]}
        bins={["0", "1"]}
        columns={[
          [1, 3],
          [0, 4],
        ]}
      />,
    )
    const cells = [...container.querySelectorAll("rect[fill-opacity]")]
    expect(cells.map((cell) => cell.querySelector("title")?.textContent)).toEqual([
      "step 1, 0: 1 of 4",
      "step 1, 1: 3 of 4",
      "step 2, 1: 4 of 4",
    ])
    const opacity = cells.map((cell) => Number(cell.getAttribute("fill-opacity")))
    expect(opacity[2]).toBeCloseTo(1)
    expect(opacity).toEqual([...opacity].sort((a, b) => a - b))
  })
})

describe("LineageTree", () => {
  const task = (id: number, parents: ReadonlyArray<number>): LineageTask => ({
    id,
    kind: "deduction",
    step: id,
    successRate: id / 10,
    parents,
    title: `task ${id} <b>`,
  })

  it("shows ancestors to the left, descendants to the right, and opens them", async () => {
    const opened: Array<number> = []
    render(
      <LineageTree
        focus={3}
        kinds={["deduction"]}
        tasks={[task(1, []), task(2, [1]), task(3, [2]), task(4, [3]), task(5, [3])]}
        onOpen={(id) => opened.push(id)}
      />,
    )
    const left = (id: number) =>
      Number.parseFloat(
        screen.getByRole("button", { name: new RegExp(`^#${id} `, "u") }).closest("li")?.style.left ?? "",
      )
    expect(left(1)).toBeLessThan(left(2))
    expect(left(2)).toBeLessThan(left(3))
    expect(left(3)).toBeLessThan(left(4))
    expect(left(4)).toBe(left(5))
    expect(screen.getByRole("button", { current: true }).textContent).toContain("#3")
    await userEvent.click(screen.getByRole("button", { name: /^#5 /u }))
    expect(opened).toEqual([5])
  })

  it("shows each task once, however many ways lead to it", () => {
    // Sixteen generations of two, each of which descends from both before it: 65,536 ways back.
    const tasks = Array.from({ length: 32 }, (_, i) => {
      const before = 2 * Math.floor(i / 2)
      return task(i + 1, before === 0 ? [] : [before - 1, before])
    })
    const { container } = render(<LineageTree focus={32} kinds={[]} tasks={tasks} onOpen={() => {}} />)
    const names = screen.getAllByRole("button").map(({ textContent }) => /^#\d+/u.exec(textContent)?.[0])
    // All but its own twin, from which it does not descend.
    expect(names.length).toBe(31)
    expect(new Set(names).size).toBe(31)
    // A line for every parent of a task that is shown.
    expect(container.querySelectorAll("path").length).toBe(2 + 2 * 28)
  })

  it("ends where a log claims that tasks descend from each other", () => {
    render(<LineageTree focus={1} kinds={[]} tasks={[task(1, [2]), task(2, [1])]} onOpen={() => {}} />)
    expect(screen.getAllByRole("button").length).toBeLessThan(5)
  })
})

describe("Panel", () => {
  it("gives its numbers as a table when asked", async () => {
    render(
      <Panel title="Entropy" table={{ columns: ["step", "nats"], rows: () => [["1", "0.84"]] }}>
        <Sparkline values={[1, 2]} label="from 1 to 2" />
      </Panel>,
    )
    await userEvent.click(screen.getByRole("button", { name: "Entropy as a table" }))
    expect(screen.getAllByRole("cell").map((cell) => cell.textContent)).toEqual(["1", "0.84"])
    expect(screen.queryByRole("img")).toBeNull()
    await userEvent.click(screen.getByRole("button", { name: "Entropy as a picture" }))
    expect(screen.getByRole("img", { name: "from 1 to 2" })).toBeDefined()
  })
})
