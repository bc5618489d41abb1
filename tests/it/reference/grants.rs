//! Every grant: the table that the services ask.

use rec_registry::domain::grant::{Grants, Operation};

use super::{code, table};

pub(super) fn page() -> String {
    let rows = Operation::ALL.iter().map(|&operation| {
        let scope = operation.required_scope();
        vec![code(scope), says(operation).to_owned(), included(scope, operation)]
    });
    let everything = ["rec-registry.admin", "rec-registry.*"].map(|scope| {
        for &operation in Operation::ALL {
            assert!(
                Grants::from_scopes([scope]).reach(operation).is_some(),
                "{scope} does not include {operation:?}"
            );
        }
        vec![code(scope), "Everything".to_owned(), String::new()]
    });
    format!(
        "# Grants\n\nA grant is a word of the token's claim `scope` (a text with spaces between the words, or a list as `scp`). \
         Groups and roles grant nothing. Any valid token reaches what is about its bearer: `/user/…` and `me`.\n\n{}\
         A grant that ends in `:` and the key of a community (`rec-registry.read:aurora`) reaches that community alone: lists \
         show only it, lookups find only in it, and anything else answers as if it did not exist. Several add up. An import \
         needs the grant for every community of its body.\n\n\
         A request that lacks a grant is answered 403 with the code `forbidden` and the grant as `required`; in GraphQL the \
         field is null, its error has the code `FORBIDDEN`, and the rest of the answer stays.\n",
        table(&["grant", "reaches", "includes"], rows.chain(everything))
    )
}

/// The other grants that a grant stands for.
fn included(scope: &str, own: Operation) -> String {
    let grants = Grants::from_scopes([scope]);
    let others =
        Operation::ALL.iter().filter(|&&operation| operation != own && grants.reach(operation).is_some());
    others.map(|operation| code(operation.required_scope())).collect::<Vec<_>>().join(", ")
}

/// What an operation is. A new one does not compile until it is named here.
fn says(operation: Operation) -> &'static str {
    match operation {
        Operation::Read => {
            "Browsing: communities, members, delivery points, assets, in GraphQL and under `/admin`"
        }
        Operation::Lookup => "Finding by a user id, a sensor id, a delivery-point code, a DID",
        Operation::Import => "Bundles in",
        Operation::Export => "Bundles out",
        Operation::WriteMembers => "Creating, changing and deactivating members",
        Operation::PurgeMembers => "Erasing members",
        Operation::WriteMemberName => "Changing the name of a member",
        Operation::WriteMemberRole => "Changing the role of a member",
        Operation::WriteMemberArea => "Changing the area of a member",
        Operation::WriteMemberProfile => "Changing the role and the area of a member",
        Operation::WriteDeliveryPoints => "Changing the delivery points of a member",
        Operation::WriteAssets => "Changing the assets of a member",
        Operation::WriteCommunity => "Changing a community's own documents, areas, operators and grid",
        Operation::DeleteCommunity => "Removing a community",
        Operation::Audit => "Reading the audit trail",
    }
}
