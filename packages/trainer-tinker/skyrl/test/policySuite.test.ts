import { policySuite } from "@azr/core/testing"
import { Effect, Layer } from "effect"
import { timeout, tinyEngine, tinyServer } from "./tiny.ts"

policySuite("a SkyRL server", Layer.unwrap(Effect.map(tinyServer, tinyEngine)), {
  prompts: [
    [{ role: "user", content: "Write a program." }],
    [{ role: "user", content: "What does it return?" }],
  ],
  timeout,
})
