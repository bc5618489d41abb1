//! The GraphQL schema, by kind and name.

use rec_registry::graphql;

/// A section of the page: the title, and whether a definition belongs there.
type Section = (&'static str, fn(&Definition<'_>) -> bool);

const SECTIONS: &[Section] = &[
    ("Queries", |definition| definition.name == "Query"),
    ("Mutations", |definition| definition.name == "Mutation"),
    ("Subscriptions", |definition| definition.name == "Subscription"),
    ("Objects", |definition| ["type", "union"].contains(&definition.keyword)),
    ("Interfaces", |definition| definition.keyword == "interface"),
    ("Inputs", |definition| definition.keyword == "input"),
    ("Enumerations", |definition| definition.keyword == "enum"),
    ("Scalars", |definition| definition.keyword == "scalar"),
    ("Directives", |definition| definition.keyword == "directive"),
    ("The schema", |definition| definition.keyword == "schema"),
];

/// A definition of the schema.
struct Definition<'s> {
    keyword: &'s str,
    name: &'s str,
    description: String,
    text: String,
}

pub(super) fn page() -> String {
    let sdl = graphql::sdl();
    let mut definitions = definitions(&sdl);
    let mut page = "# GraphQL\n\nThe schema, as `rec-registry schema` and `GET /schema.graphql` print it. The playground at `/graphql` \
                    shows it beside the query.\n\n"
        .to_owned();
    for (title, belongs) in SECTIONS {
        let (here, others): (Vec<_>, Vec<_>) =
            definitions.into_iter().partition(|definition| belongs(definition));
        definitions = others;
        page += &format!("## {title}\n\n");
        for Definition { name, description, text, .. } in here {
            if !name.is_empty() {
                page += &format!("### {name}\n\n");
            }
            if !description.is_empty() {
                page += &format!("{}\n\n", super::escaped(&description));
            }
            page += &format!("```graphql\n{}\n```\n\n", text.replace('\t', "  "));
        }
    }
    let left: Vec<_> = definitions.iter().map(|definition| definition.name).collect();
    assert!(left.is_empty(), "definitions without a section: {left:?}");
    page
}

/// The definitions of a schema: each starts at the beginning of a line, and what is indented belongs to it.
fn definitions(sdl: &str) -> Vec<Definition<'_>> {
    let mut found: Vec<Definition<'_>> = Vec::new();
    let (mut description, mut in_description, mut is_open) = (String::new(), false, false);
    for line in sdl.lines() {
        if is_open {
            let definition = found.last_mut().expect("an open definition");
            definition.text += &format!("\n{line}");
            is_open = line != "}";
        } else if line == "\"\"\"" {
            in_description = !in_description;
        } else if in_description {
            description += &format!("{line}\n");
        } else if !line.trim().is_empty() {
            let mut words = line.split([' ', '(', '{', ':']).filter(|word| !word.is_empty());
            let (keyword, name) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            let description = std::mem::take(&mut description).trim().to_owned();
            found.push(Definition { keyword, name, description, text: line.to_owned() });
            is_open = line.ends_with('{');
        }
    }
    found
}
