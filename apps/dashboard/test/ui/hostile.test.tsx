// @vitest-environment happy-dom
import { cleanup, render, screen } from "@testing-library/react"
import userEvent from "@testing-library/user-event"
import { afterEach, describe, expect, it } from "vitest"
import { Code } from "../../src/ui/Code.tsx"
import { Hostile } from "../../src/ui/Hostile.tsx"

afterEach(cleanup)

const markup = `<script>globalThis.owned = 1</script><img src=x onerror="globalThis.owned = 1">`

describe("hostile text", () => {
  it("is text where it looks like markup", () => {
    const { container } = render(<Hostile text={markup} />)
    expect(container.textContent).toBe(markup)
    expect(container.querySelector("script, img")).toBeNull()
  })

  it("shows escapes, bidirectional controls and lone surrogates as marks", () => {
    const { container } = render(<Hostile text={"\u001b[31m a\u202eb \ud800"} />)
    expect([...container.querySelectorAll(".mark")].map((mark) => mark.textContent)).toEqual([
      "U+001B",
      "U+202E",
      "U+D800",
    ])
    expect(container.querySelector("pre")?.textContent).toBe("U+001B[31m aU+202Eb U+D800")
  })

  it("shows a part of a line of a megabyte, and more when asked", async () => {
    const { container } = render(<Hostile text={"x".repeat(1_000_000)} />)
    expect(container.querySelector("pre")?.textContent).toHaveLength(4000)
    await userEvent.click(screen.getByRole("button", { name: /4,000 of 1,000,000 characters/u }))
    expect(container.querySelector("pre")?.textContent).toHaveLength(44_000)
  })

  it("says that there is nothing", () => {
    render(<Hostile text="" empty="an empty response" />)
    expect(screen.getByText("an empty response")).toBeDefined()
  })
})

describe("a program", () => {
  it("is coloured and says the same, hostile parts included", async () => {
    const program = `def f(a):\n    # ${markup} \u202e\u001b[0m\n    return a`
    const { container } = render(<Code program={program} language="python" />)
    await expect.poll(() => container.querySelectorAll("pre span[style]").length).toBeGreaterThan(5)
    expect(container.textContent).toBe(program.replace("\u202e", "U+202E").replace("\u001b", "U+001B"))
    expect(container.querySelector("script, img")).toBeNull()
  })

  it("of a megabyte is not given to the grammar", async () => {
    const { container } = render(<Code program={"(".repeat(1_000_000)} language="python" />)
    await expect.poll(() => container.querySelector("pre")?.textContent.length).toBe(4000)
    expect(container.querySelectorAll("pre span")).toHaveLength(0)
  })
})
