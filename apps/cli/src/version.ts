import packageJson from "../package.json" with { type: "json" }

export const version: string = packageJson.version

/** What computes, for the record of a run. */
export const versions: Readonly<Record<string, string>> = { azr: version, node: process.version }
