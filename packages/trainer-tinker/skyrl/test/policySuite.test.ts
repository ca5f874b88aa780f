import { policySuite } from "@azr/core/testing"
import { timeout, tinyEngine } from "./tiny.ts"

policySuite("a SkyRL server", tinyEngine, {
  prompts: [
    [{ role: "user", content: "Write a program." }],
    [{ role: "user", content: "What does it return?" }],
  ],
  timeout,
})
