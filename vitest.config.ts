// One configuration for every package: `vitest run --config ../../vitest.config.ts --root .`
import { defineConfig } from "vitest/config"

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)
if (major !== 22 || minor < 19) {
  throw new Error(
    `Tests need Node >=22.19 <23, this is ${process.versions.node}: run them with npm test or pnpm.`,
  )
}

// Resolve workspace packages to their TypeScript sources, so that tests need no build.
const conditions = ["@azr/source", "node", "import", "default"]

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 30_000,
    // What a test waits for may take its time on a busy machine.
    expect: { poll: { timeout: 20_000 } },
    // The report is an output of the nx target, so that a cached test run still says how many tests it stands for.
    reporters: ["default", "json"],
    outputFile: { json: "test-results/vitest.json" },
  },
})
