// Where the editor finds its workers. build.js says under which names they are served.

const { editor, json, graphql } = WORKERS;

globalThis.MonacoEnvironment = {
  getWorker: (_id, label) => new Worker({ json, graphql }[label] ?? editor, { name: label }),
};
