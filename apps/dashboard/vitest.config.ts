// Components run in happy-dom, pages in a real Chromium against the real server.
import react from "@vitejs/plugin-react"
import { mergeConfig } from "vitest/config"
import shared from "../../vitest.config.ts"

export default mergeConfig(shared, {
  plugins: [react()],
  test: { include: ["test/**/*.test.{ts,tsx}"] },
})
