// What a schema has to look like: the recommended rules for schemas, and those of Relay.
import { readFileSync } from 'node:fs';
import graphql from '@graphql-eslint/eslint-plugin';
import { Kind, parse } from 'graphql';

const schema = 'schema.graphql';

// An object that can be fetched by itself implements Node. All others are values, or pages of a list: they are what
// they say, have no identity of their own, and an id would promise one.
const values = parse(readFileSync(schema, 'utf8'))
  .definitions.filter(({ kind }) => kind === Kind.OBJECT_TYPE_DEFINITION)
  .filter(({ interfaces }) => !interfaces.some(({ name }) => name.value === 'Node'))
  .map(({ name }) => name.value);

export default [
  {
    files: ['**/*.graphql'],
    languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema } } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    plugins: { '@graphql-eslint': graphql },
    rules: {
      ...graphql.configs['flat/schema-recommended'].rules,
      ...graphql.configs['flat/schema-relay'].rules,
      // Everything a reader meets is described, not the types alone.
      '@graphql-eslint/require-description': [
        'error',
        {
          types: true,
          rootField: true,
          DirectiveDefinition: true,
          EnumValueDefinition: true,
          FieldDefinition: true,
          InputValueDefinition: true,
          // The directives are those of the GraphQL specification, as the library writes them.
          ignoredSelectors: ['[type=InputValueDefinition][parent.kind=DirectiveDefinition]'],
        },
      ],
      '@graphql-eslint/strict-id-in-types': ['error', { exceptions: { types: values } }],
      // Lists that are short by nature (the areas of a community, the delivery points of a member) are plain lists,
      // and connections have the shortcut `nodes` beside their edges: edges alone would make each query longer. That
      // nodes implement `Node` is tested beside this, with the exceptions that the rule does not know.
      '@graphql-eslint/relay-edge-types': [
        'error',
        { withEdgeSuffix: true, shouldImplementNode: false, listTypeCanWrapOnlyEdgeType: false },
      ],
    },
  },
];
