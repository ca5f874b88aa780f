import { CSPProvider } from "@base-ui/react/csp-provider"
import { QueryClient, QueryClientProvider } from "@tanstack/react-query"
import { RouterProvider } from "@tanstack/react-router"
import { StrictMode } from "react"
import { createRoot } from "react-dom/client"
import "uplot/dist/uPlot.min.css"
import { RequestFailed } from "./api/client.ts"
import { takeToken } from "./api/token.ts"
import { makeRouter } from "./router.tsx"
import "./styles.css"
import { startTheme } from "./ui/theme.ts"

startTheme()
takeToken()

// What the server does not know it does not know on a second try; a server that is away comes back.
const retry = (_failures: number, error: Error): boolean =>
  !(error instanceof RequestFailed && error.status < 500)

const queryClient = new QueryClient({
  defaultOptions: {
    queries: { retry, retryDelay: 1000, networkMode: "always", refetchOnWindowFocus: false },
  },
})

const root = document.querySelector("#root")
if (root === null) throw new Error("index.html has no #root")
createRoot(root).render(
  <StrictMode>
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={makeRouter(queryClient)} />
      </QueryClientProvider>
    </CSPProvider>
  </StrictMode>,
)
