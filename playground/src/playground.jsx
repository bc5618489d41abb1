import "./workers.js";
import "@graphiql/react/style.css";
import "graphiql/graphiql.css";
import "@graphiql/plugin-doc-explorer/style.css";
import "@graphiql/plugin-history/style.css";
import "./playground.css";

import { HISTORY_PLUGIN } from "@graphiql/plugin-history";
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { Kind, parse } from "graphql";
import { createClient } from "graphql-ws";
import { useState } from "react";
import { createRoot } from "react-dom/client";
import { examples } from "../../src/graphql/playground/examples.js";
import { EXAMPLES } from "./examples.jsx";
import { token } from "./token.js";

const url = new URL("/graphql", location.href);
const sockets = new URL("/graphql/ws", location.href);
sockets.protocol = sockets.protocol.replace("http", "ws");

const ask = createGraphiQLFetcher({
  url: url.href,
  enableIncrementalDelivery: false,
  fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, ...token.header() } }),
  wsClient: createClient({
    url: sockets.href,
    connectionParams: () => token.header(),
    // A token that is not taken now will not be taken a second later.
    shouldRetry: (event) => event.code !== 4403,
  }),
});

// Asks what the text says now. What the editor made of it a moment ago, and which operation of it was chosen, may still be that of
// the tab before: a subscription would go out as a query.
function fetcher(params, options) {
  let documentAST;
  try {
    documentAST = parse(params.query);
  } catch {
    // The server says what is wrong with it.
    return ask(params, options);
  }
  const names = documentAST.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION).map(({ name }) => name?.value);
  const operationName = names.length === 1 ? names[0] : params.operationName;
  return ask({ ...params, operationName }, { ...options, documentAST });
}

// How wide the pane of the examples is, compared with the editors, until somebody draws its edge.
if (!sessionStorage.getItem("graphiql:docExplorerFlex")) sessionStorage.setItem("graphiql:docExplorerFlex", "0.25");

const asked = new URLSearchParams(location.search);

function Playground() {
  const [shown, show] = useState(token.get());
  const change = ({ target }) => {
    token.set(target.value);
    show(target.value);
  };
  return (
    <>
      <header>
        <h1>rec-registry <span>GraphQL</span></h1>
        <label>
          Token
          <input
            id="token" type="password" autoComplete="off" spellCheck={false}
            placeholder="a bearer token; kept in this tab only" value={shown} onChange={change}
          />
        </label>
        <a href="/schema.graphql" target="_blank" rel="noopener">The schema as text</a>
      </header>
      <GraphiQL
        fetcher={fetcher}
        storage={sessionStorage}
        plugins={[EXAMPLES, HISTORY_PLUGIN]}
        visiblePlugin={EXAMPLES.title}
        defaultQuery={examples[0].query}
        initialQuery={asked.get("query") ?? undefined}
        initialVariables={asked.get("variables") ?? undefined}
        defaultEditorToolsVisibility="variables"
        isHeadersEditorEnabled={false}
        showPersistHeadersSettings={false}
      >
        <GraphiQL.Logo> </GraphiQL.Logo>
      </GraphiQL>
    </>
  );
}

createRoot(document.getElementById("playground")).render(<Playground />);
