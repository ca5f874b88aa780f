/** The interface that this page itself reads, described by the server. */
import { useQuery } from "@tanstack/react-query"
import { useEffect } from "react"
import { interfaceQuery } from "../api/client.ts"
import { curlOf, shapeOf } from "../model/openApi.ts"
import { Copy } from "../ui/Copy.tsx"
import { Panel } from "../ui/Panel.tsx"

export const Interface = () => {
  const { data, error } = useQuery(interfaceQuery)
  useEffect(() => {
    document.title = "Interface · azr"
  }, [])
  return (
    <main className="mx-auto flex max-w-5xl flex-col gap-3 p-4">
      <h1 className="text-xl font-semibold">Interface</h1>
      <p className="max-w-prose text-sm text-soft">
        {data?.info.description} The same for programs:{" "}
        <a href="/api/openapi.json" className="link">
          /api/openapi.json
        </a>
        .
      </p>
      {data === undefined ? (
        <p role="status" className="py-16 text-center text-sm text-soft">
          {error === null ? "Reading the interface …" : `It could not be read: ${error.message}`}
        </p>
      ) : (
        Object.entries(data.paths).flatMap(([path, operations]) =>
          Object.entries(operations).map(([method, { description, parameters, responses }]) => {
            const curl = curlOf(location.origin, method, path)
            return (
              <Panel
                key={`${method} ${path}`}
                title={`${method.toUpperCase()} ${path}`}
                actions={<Copy text={curl}>Copy as curl</Copy>}
              >
                {description === undefined ? null : <p className="mb-2 max-w-prose text-sm">{description}</p>}
                <Shape text={curl} label={`Command for ${path}`} />
                {parameters.length === 0 ? null : (
                  <table className="table mt-2">
                    <thead>
                      <tr>
                        <th scope="col">parameter</th>
                        <th scope="col">in</th>
                        <th scope="col">meaning</th>
                      </tr>
                    </thead>
                    <tbody>
                      {parameters.map((parameter) => (
                        <tr key={parameter.name}>
                          <td className="font-mono text-xs">{parameter.name}</td>
                          <td>
                            {parameter.in}
                            {parameter.required ? "" : ", optional"}
                          </td>
                          <td>{parameter.schema.description}</td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                )}
                {Object.entries(responses).flatMap(([status, response]) =>
                  Object.entries(response.content ?? {}).map(([type, { schema }]) => (
                    <details key={`${status} ${type}`} className="mt-2 text-sm">
                      <summary>
                        {status} {response.description} <span className="text-soft">{type}</span>
                      </summary>
                      <Shape
                        text={shapeOf(schema, data.components.schemas)}
                        label={`Answer ${status} of ${path}`}
                      />
                    </details>
                  )),
                )}
              </Panel>
            )
          }),
        )
      )}
    </main>
  )
}

const Shape = ({ text, label }: { readonly text: string; readonly label: string }) => (
  <pre
    tabIndex={0}
    role="region"
    aria-label={label}
    className="mt-1 max-h-96 overflow-auto rounded bg-raised p-2 font-mono text-xs"
  >
    {text}
  </pre>
)
