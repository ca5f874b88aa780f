import tailwindcss from "@tailwindcss/vite"
import react from "@vitejs/plugin-react"
import { defineConfig } from "vite"

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: { conditions: ["@azr/source", "browser", "module", "import", "default"] },
  build: {
    target: "es2023",
    // The content security policy allows no data: URL but for images, and no inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  // `azr dashboard` serves the interface while the page is worked on.
  server: { proxy: { "/api": { target: "http://127.0.0.1:4317", changeOrigin: true } } },
})
