import { AxeBuilder } from "@axe-core/playwright"
import { appendFileSync, rmSync } from "node:fs"
import path from "node:path"
import type { Browser, BrowserContext, Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import {
  Dashboard,
  chromiumPath,
  emptyFolder,
  hostile,
  lastStep,
  makeRuns,
  openBrowser,
} from "./dashboard.ts"

const screens = {
  runs: "/",
  overview: "/runs/real",
  curriculum: "/runs/real/curriculum?step=3",
  lineage: "/runs/real/lineage",
  rollouts: "/runs/real/rollouts?step=2&rollout=2-0",
  executors: "/runs/real/executors",
  system: "/runs/real/system",
  config: "/runs/real/config?against=other",
  compare: `/compare?runs=${encodeURIComponent(`["real","other"]`)}`,
} as const

/** A page whose console and requests are watched. */
const openPage = async (
  context: BrowserContext,
  url: string,
): Promise<{ page: Page; wrongs: Array<string> }> => {
  const page = await context.newPage()
  const wrongs: Array<string> = []
  page.on("console", (message) => {
    if (message.type() === "error") wrongs.push(`console: ${message.text()}`)
  })
  page.on("pageerror", (error) => wrongs.push(`page: ${error.message}`))
  page.on("dialog", (dialog) => wrongs.push(`dialog: ${dialog.message()}`))
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) wrongs.push(`request: ${request.url()}`)
  })
  return { page, wrongs }
}

/** What is read has come, and what is drawn is drawn. */
const settled = async (page: Page): Promise<void> => {
  await page.locator("h1").first().waitFor()
  await page.waitForFunction(() => !/Reading|Looking for/u.test(document.body.innerText))
}

if (chromiumPath === undefined) {
  it.skip("pages: left out, there is no Chromium here (apt-get install chromium, or AZR_CHROMIUM=FILE)")
} else {
  describe("pages", () => {
    let folder = ""
    let dashboard: Dashboard
    let browser: Browser
    beforeAll(async () => {
      folder = makeRuns()
      ;[dashboard, browser] = await Promise.all([Dashboard.start(folder), openBrowser()])
    }, 120_000)
    afterAll(async () => {
      await Promise.all([dashboard?.kill(), browser?.close()])
      rmSync(folder, { recursive: true, force: true })
    })

    for (const colorScheme of ["light", "dark"] as const) {
      it(`are accessible, quiet and within their width, ${colorScheme}`, async () => {
        const context = await browser.newContext({ colorScheme })
        const { page, wrongs } = await openPage(context, dashboard.url)
        const problems: Array<string> = []
        for (const [name, url] of Object.entries(screens)) {
          await page.setViewportSize({ width: 1440, height: 900 })
          await page.goto(dashboard.url + url)
          await settled(page)
          for (const viewport of [
            { width: 1440, height: 900 },
            { width: 390, height: 844 },
          ]) {
            await page.setViewportSize(viewport)
            const { violations } = await new AxeBuilder({ page }).analyze()
            for (const { id, nodes } of violations) {
              problems.push(
                `${name}, ${viewport.width}: ${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(" | ")}`,
              )
            }
            const { scrollWidth } = await page.evaluate(() => ({
              scrollWidth: document.documentElement.scrollWidth,
            }))
            if (scrollWidth > viewport.width) problems.push(`${name}: ${scrollWidth} px in ${viewport.width}`)
          }
        }
        expect([...problems, ...wrongs]).toEqual([])
        await context.close()
      }, 150_000)
    }

    it("answer on one screen what improved, what was refused and why, and where the hardest task comes from", async () => {
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
      const { page } = await openPage(context, dashboard.url)
      await page.goto(`${dashboard.url}/runs/real`)
      await settled(page)
      expect(await page.evaluate(() => document.documentElement.scrollHeight)).toBeLessThanOrEqual(900)
      const answers = page.locator("main dl").first()
      await expect.poll(() => answers.innerText()).toMatch(/(deduction|abduction)\s[+−\d.]+ points/u)
      expect(await answers.innerText()).toMatch(/\d\.\d %\sof \d+/u)
      await answers
        .getByRole("link", { name: /held-out split/u })
        .first()
        .click()
      await page.getByText(/^\d+ rollouts$/u).waitFor()
      expect(new URL(page.url()).searchParams.get("outcome")).toBe("heldOut")
      await page.goBack()
      await answers.getByRole("link", { name: /^#/u }).first().click()
      await page.getByText(/descends from #\d+/u).waitFor()
      await context.close()
    }, 30_000)

    it("are used with the keyboard alone", async () => {
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
      const { page } = await openPage(context, dashboard.url)
      await page.goto(dashboard.url)
      await settled(page)
      await page.keyboard.press("/")
      await page.keyboard.type("real")
      await expect.poll(() => page.locator("tbody tr").count()).toBe(1)
      await page.keyboard.press("Tab")
      expect(new URL(page.url()).searchParams.get("q")).toBe("real")
      await page.evaluate(() => (document.activeElement as HTMLElement).blur())
      await page.keyboard.press("j")
      await page.keyboard.press("Enter")
      await page.getByRole("heading", { name: "Held-out accuracy" }).waitFor()
      await page.keyboard.press("4")
      await page.getByText(/^[\d,]+ rollouts$/u).waitFor()
      await page.keyboard.press("]")
      await expect.poll(() => new URL(page.url()).searchParams.get("step")).toBe("1")
      await page.keyboard.press("]")
      await expect.poll(() => new URL(page.url()).searchParams.get("step")).toBe("2")
      await expect.poll(() => page.locator("main ul li button").first().innerText()).toMatch(/^2\s/u)
      await page.keyboard.press("j")
      await page.keyboard.press("j")
      await page.getByRole("article", { name: "Rollout 1 of step 2" }).waitFor()
      await page.keyboard.press("k")
      await page.getByRole("article", { name: "Rollout 0 of step 2" }).waitFor()
      await page.keyboard.press("Escape")
      await expect.poll(() => new URL(page.url()).searchParams.has("step")).toBe(false)
      await page.keyboard.press("?")
      await page.getByRole("dialog", { name: "Keys and colours" }).waitFor()
      await page.keyboard.press("Escape")
      await context.close()
    }, 30_000)

    it("show what a hostile policy wrote, inert", async () => {
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
      const { page, wrongs } = await openPage(context, dashboard.url)
      const shown = {
        script: hostile.script,
        ansi: "U+001B[31mredU+001B]0;titleU+0007",
        bidi: "aU+202Egnp.exeU+2066",
        long: `L${"x".repeat(3999)}`,
        surrogate: "half U+D800 pair",
      }
      for (const [index, text] of Object.values(shown).entries()) {
        await page.goto(`${dashboard.url}/runs/hostile/rollouts?step=1&rollout=1-${index}`)
        await page.getByRole("article").waitFor()
        const article = page.getByRole("article")
        expect(await article.locator("pre").first().textContent()).toBe(text)
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(1440)
      }
      await page.goto(`${dashboard.url}/runs/hostile/lineage`)
      const program = page
        .getByRole("region", { name: /^Task #/u })
        .locator("pre")
        .first()
      await expect
        .poll(() => program.textContent())
        .toBe([shown.script, shown.ansi, shown.bidi, shown.surrogate].join(" "))
      expect(await page.evaluate(() => "owned" in globalThis)).toBe(false)
      expect(wrongs).toEqual([])
      await context.close()
    }, 30_000)

    it.each([
      ["seeding", /is seeding/u],
      ["crashed", /ended without saying so/u],
      ["newer", /written by a later version/u],
      ["absent", /There is no run absent/u],
    ])("say that a run is %s, and what to do", async (run, words) => {
      const context = await browser.newContext()
      const { page } = await openPage(context, dashboard.url)
      await page.goto(`${dashboard.url}/runs/${run}`)
      await page.getByText(words).first().waitFor()
      await context.close()
    })

    it("teach how to begin where no run is", async () => {
      const none = emptyFolder()
      const other = await Dashboard.start(none)
      const context = await browser.newContext()
      const { page } = await openPage(context, other.url)
      await page.goto(other.url)
      await page.getByText("azr train --preset nano").waitFor()
      expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([])
      await Promise.all([context.close(), other.kill()])
      rmSync(none, { recursive: true })
    }, 30_000)

    it("move within a second of a step, and go on when the server comes back", async () => {
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
      const { page } = await openPage(context, dashboard.url)
      await page.goto(`${dashboard.url}/runs/live`)
      await page.getByText("step 5 of 6").waitFor()
      appendFileSync(path.join(folder, "live", "events.jsonl"), lastStep(folder))
      await page.getByText("step 6 of 6").waitFor({ timeout: 1000 })
      const { port } = dashboard
      await dashboard.kill()
      await page.getByText(/server is away/u).waitFor()
      dashboard = await Dashboard.start(folder, port)
      await page.getByText(/server is away/u).waitFor({ state: "detached" })
      await page.getByText("step 6 of 6").waitFor()
      await context.close()
    }, 30_000)
  })
}
