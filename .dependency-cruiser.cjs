// The layers, as rules: core <- adapters (wasm-host, env-*, trainer-*) <- apps; examples are what a user of these would write. `pnpm run check:repo` applies them.
"use strict"

const effect = "node_modules/effect/"
const testing = "^packages/core/src/testing/"

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: "core-imports-effect-only",
      comment:
        "core holds contracts and the loop, and runs in a browser and in a worker: no platform, no adapter.",
      severity: "error",
      from: { path: "^packages/core/src/", pathNot: testing },
      to: { pathNot: ["^packages/core/src/", effect] },
    },
    {
      name: "core-without-its-testing-subpath",
      severity: "error",
      from: { path: "^packages/core/src/", pathNot: testing },
      to: { path: testing },
    },
    {
      name: "core-testing-imports-effect-and-vitest-only",
      comment: "@azr/core/testing holds the suites that every engine and every executor runs.",
      severity: "error",
      from: { path: testing },
      to: { pathNot: ["^packages/core/src/", effect, "node_modules/(@effect/)?vitest/"] },
    },
    {
      name: "core-conformance-without-a-test-framework",
      comment: "@azr/core/conformance is what `azr env test` checks environments by.",
      severity: "error",
      from: { path: "^packages/core/src/testing/(conformance/|ClauseBroken)" },
      to: { pathNot: ["^packages/core/src/(?!testing/(?!conformance/|ClauseBroken))", effect] },
    },
    {
      name: "environment-imports-core-and-wasm-host-only",
      severity: "error",
      from: { path: "^packages/(env-[^/]+)/" },
      to: { path: "^packages/", pathNot: ["^packages/$1/", "^packages/core/", "^packages/wasm-host/"] },
    },
    {
      name: "adapter-imports-core-only",
      severity: "error",
      from: { path: "^packages/(wasm-host|trainer-[^/]+)/" },
      to: { path: "^packages/", pathNot: ["^packages/$1/", "^packages/core/"] },
    },
    {
      name: "package-never-imports-an-app",
      severity: "error",
      from: { path: "^packages/" },
      to: { path: "^apps/" },
    },
    {
      name: "nothing-imports-an-example",
      severity: "error",
      from: { path: "^(packages|apps)/" },
      to: { path: "^examples/" },
    },
    {
      name: "dashboard-imports-core-only",
      comment: "The page shares the protocol with the run, nothing else.",
      severity: "error",
      from: { path: "^apps/dashboard/" },
      to: { path: "^(packages|apps)/", pathNot: ["^apps/dashboard/", "^packages/core/"] },
    },
    {
      name: "other-packages-by-name",
      comment: "Another package is imported as @azr/…, through its exports, never by a relative path.",
      severity: "error",
      from: { path: "^(packages/[^/]+|apps/[^/]+|examples/[^/]+)/" },
      to: { path: "^(packages|apps|examples)/", pathNot: "^$1/", dependencyTypes: ["local"] },
    },
    {
      name: "source-without-tests",
      severity: "error",
      from: { path: "^(packages|apps|examples)/[^/]+/src/" },
      to: { path: "^(packages|apps|examples)/[^/]+/test/" },
    },
    { name: "no-cycle", severity: "error", from: {}, to: { circular: true } },
    {
      name: "resolvable",
      comment: "An import that cannot be resolved would escape every rule above.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: {
      path: "^(packages|apps|examples)/[^/]+/(dist|dist-executor|generated|page|templates|test-results|coverage)/",
    },
    // Types count: a layer is what the compiler sees.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["@azr/source", "node", "import", "types", "default"],
      extensions: [".ts", ".mts", ".js", ".mjs", ".cjs", ".json"],
    },
  },
}
