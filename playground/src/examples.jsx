// The saved queries, beside the documentation and the history.

import { pick, useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { examples } from "../../src/graphql/playground/examples.js";

function Icon() {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <path d="M5 4.5h14v16l-7-4.5-7 4.5z" />
    </svg>
  );
}

function Examples() {
  const { addTab } = useGraphiQLActions();
  const { queryEditor, variableEditor } = useGraphiQL(pick("queryEditor", "variableEditor"));
  const open = ({ query, variables }) => {
    if (queryEditor.getValue().trim()) addTab();
    queryEditor.setValue(query);
    variableEditor?.setValue(variables ? JSON.stringify(variables, null, 2) : "");
  };
  return (
    <section className="examples" aria-label="Example queries">
      <h2>Examples</h2>
      <ul>
        {examples.map((example) => (
          <li key={example.name}>
            <button type="button" onClick={() => open(example)}>{example.name}</button>
          </li>
        ))}
      </ul>
    </section>
  );
}

export const EXAMPLES = { title: "Examples", icon: Icon, content: Examples };
