// One configuration for every package: `vitest run --config ../../vitest.config.ts --root .`
import { defineConfig } from "vitest/config"

// Resolve workspace packages to their TypeScript sources, so that tests need no build.
const conditions = ["@azr/source", "node", "import", "default"]

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: { include: ["test/**/*.test.ts"], testTimeout: 30_000 },
})
