import { describe, expect, it } from "vitest"
import { ago, bytes, count, milliseconds, number, percent, points, seconds } from "../../src/model/format.ts"

describe("format", () => {
  it("writes shares and their changes", () => {
    expect(percent(0.4271)).toBe("42.7 %")
    expect(percent(-0.07, 0)).toBe("−7 %")
    expect(points(0.392)).toBe("+39.2")
    expect(points(-0.07)).toBe("−7.0")
    expect(points(0.0001)).toBe("0.0")
  })

  it("writes numbers of any size in few characters", () => {
    expect([0, 0.05, -0.18, 12.345, 1234.5, 0.000_02].map(number)).toEqual([
      "0",
      "0.05",
      "−0.18",
      "12.3",
      "1,235",
      "2.0e−5",
    ])
    expect(number(Number.NaN)).toBe("NaN")
    expect(count(15_040)).toBe("15,040")
    expect([0, 512, 4_718_592, 4_800_000_000].map(bytes)).toEqual(["0 B", "512 B", "4.7 MB", "4.8 GB"])
  })

  it("writes times", () => {
    expect([0.004, 0.62, 42, 93.4, 7260].map(seconds)).toEqual([
      "4 ms",
      "0.62 s",
      "42 s",
      "1 m 33 s",
      "2 h 1 m",
    ])
    expect([0, 30_000, 120_000, 7_200_000, 172_800_000].map((past) => ago(0, past))).toEqual([
      "now",
      "30 s ago",
      "2 min ago",
      "2 h ago",
      "2 d ago",
    ])
  })

  it("writes latencies", () => {
    expect([0.0437, 2.468, 43.21, 187.4, 1840].map(milliseconds)).toEqual([
      "0.044 ms",
      "2.5 ms",
      "43 ms",
      "187 ms",
      "1.8 s",
    ])
  })
})
