//! Grants: which operations exist, which scope each needs, and how far a caller's scopes reach. A pure
//! table; the services ask it, the doors never do.

use std::collections::BTreeSet;

use super::identifier::CommunityKey;

/// An operation that needs a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// See communities, members, assets, delivery points.
    Read,
    /// Find by a user id, a sensor id, a delivery-point code, a DID.
    Lookup,
    /// Replace communities by a bundle.
    Import,
    /// Write communities out as bundles.
    Export,
    /// Create, change and deactivate members.
    WriteMembers,
    /// Erase members.
    PurgeMembers,
    /// Change the name of a member.
    WriteMemberName,
    /// Change the role of a member.
    WriteMemberRole,
    /// Change the area of a member.
    WriteMemberArea,
    /// Change the role and the area of a member.
    WriteMemberProfile,
    /// Change the delivery points of a member.
    WriteDeliveryPoints,
    /// Change the assets of a member.
    WriteAssets,
    /// Change a community's own documents, areas, operators and grid.
    WriteCommunity,
    /// Remove a community.
    DeleteCommunity,
    /// Read the audit trail.
    Audit,
}

/// The prefix of every scope of this service.
const PREFIX: &str = "rec-registry.";

impl Operation {
    /// Every operation.
    pub const ALL: &'static [Self] = &[
        Self::Read,
        Self::Lookup,
        Self::Import,
        Self::Export,
        Self::WriteMembers,
        Self::PurgeMembers,
        Self::WriteMemberName,
        Self::WriteMemberRole,
        Self::WriteMemberArea,
        Self::WriteMemberProfile,
        Self::WriteDeliveryPoints,
        Self::WriteAssets,
        Self::WriteCommunity,
        Self::DeleteCommunity,
        Self::Audit,
    ];

    /// The scope that grants the operation: `rec-registry.read`.
    #[must_use]
    pub fn required_scope(self) -> &'static str {
        match self {
            Self::Read => "rec-registry.read",
            Self::Lookup => "rec-registry.lookup",
            Self::Import => "rec-registry.import",
            Self::Export => "rec-registry.export",
            Self::WriteMembers => "rec-registry.members.write",
            Self::PurgeMembers => "rec-registry.members.purge",
            Self::WriteMemberName => "rec-registry.members.name.write",
            Self::WriteMemberRole => "rec-registry.members.role.write",
            Self::WriteMemberArea => "rec-registry.members.area.write",
            Self::WriteMemberProfile => "rec-registry.members.profile.write",
            Self::WriteDeliveryPoints => "rec-registry.members.delivery_points.write",
            Self::WriteAssets => "rec-registry.assets.write",
            Self::WriteCommunity => "rec-registry.community.write",
            Self::DeleteCommunity => "rec-registry.community.delete",
            Self::Audit => "rec-registry.audit",
        }
    }

    /// The operations whose scopes grant this one, too.
    fn included_in(self) -> &'static [Self] {
        match self {
            Self::WriteMemberRole | Self::WriteMemberArea => &[Self::WriteMembers, Self::WriteMemberProfile],
            Self::WriteMemberName | Self::WriteMemberProfile | Self::WriteDeliveryPoints => {
                &[Self::WriteMembers]
            }
            _ => &[],
        }
    }

    /// The scopes that grant the operation.
    fn granted_by(self, scope: &str) -> bool {
        scope == self.required_scope()
            || self.included_in().iter().any(|wider| scope == wider.required_scope())
            || scope.strip_prefix(PREFIX).is_some_and(|name| name == "admin" || name == "*")
    }
}

/// How far a grant reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Every community of the registry.
    Everything,
    /// These communities alone; anything else answers as if it did not exist.
    Communities(BTreeSet<CommunityKey>),
}

impl Reach {
    /// Whether it reaches a community.
    #[must_use]
    pub fn includes(&self, community: &CommunityKey) -> bool {
        match self {
            Self::Everything => true,
            Self::Communities(keys) => keys.contains(community),
        }
    }
}

/// The scopes of a caller.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grants(Vec<String>);

impl Grants {
    /// The grants that a list of scopes stands for. Scopes that mean nothing here grant nothing.
    pub fn from_scopes<'a>(scopes: impl IntoIterator<Item = &'a str>) -> Self {
        Self(scopes.into_iter().filter(|scope| scope.starts_with(PREFIX)).map(str::to_owned).collect())
    }

    /// Every grant: for the operator at the machine itself.
    #[must_use]
    pub fn everything() -> Self {
        Self(vec![format!("{PREFIX}admin")])
    }

    /// How far the caller may go with an operation; none when not at all.
    #[must_use]
    pub fn reach(&self, operation: Operation) -> Option<Reach> {
        let mut communities = BTreeSet::new();
        for scope in &self.0 {
            match scope.split_once(':') {
                None if operation.granted_by(scope) => return Some(Reach::Everything),
                Some((scope, key)) if operation.granted_by(scope) && CommunityKey::is_valid(key) => {
                    communities.insert(CommunityKey::from(key));
                }
                _ => {}
            }
        }
        (!communities.is_empty()).then_some(Reach::Communities(communities))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(scopes: &str, operation: Operation) -> Option<Reach> {
        Grants::from_scopes(scopes.split(' ')).reach(operation)
    }

    #[test]
    fn a_scope_grants_its_own_operation_and_those_that_it_includes() {
        for &operation in Operation::ALL {
            for &other in Operation::ALL {
                let granted = operation == other || other.included_in().contains(&operation);
                let expected = granted.then_some(Reach::Everything);
                assert_eq!(reach(operation.required_scope(), other), expected);
            }
            assert_eq!(reach("rec-registry.admin", operation), Some(Reach::Everything));
            assert_eq!(reach("rec-registry.*", operation), Some(Reach::Everything));
        }
    }

    #[test]
    fn writing_members_includes_each_of_their_fields_but_not_their_erasure() {
        use Operation::{
            PurgeMembers, WriteAssets, WriteDeliveryPoints, WriteMemberArea, WriteMemberName,
            WriteMemberProfile, WriteMemberRole,
        };
        let granted = |scope, operation| reach(scope, operation).is_some();
        for field in
            [WriteMemberName, WriteMemberRole, WriteMemberArea, WriteMemberProfile, WriteDeliveryPoints]
        {
            assert!(granted("rec-registry.members.write", field), "{field:?}");
        }
        for other in [PurgeMembers, WriteAssets] {
            assert!(!granted("rec-registry.members.write", other), "{other:?}");
        }
        assert!(granted("rec-registry.members.profile.write", WriteMemberRole));
        assert!(granted("rec-registry.members.profile.write", WriteMemberArea));
        assert!(!granted("rec-registry.members.profile.write", WriteMemberName));
        assert!(!granted("rec-registry.members.role.write", WriteMemberProfile));
    }

    #[test]
    fn scopes_for_communities_add_up() {
        let expected = ["aurora", "valley"].map(CommunityKey::from).into();
        assert_eq!(
            reach(
                "rec-registry.read:aurora rec-registry.admin:valley rec-registry.lookup:x",
                Operation::Read
            ),
            Some(Reach::Communities(expected))
        );
    }

    #[test]
    fn what_only_looks_like_a_scope_grants_nothing() {
        for scope in [
            "rec-registry.read:",
            "rec-registry.readx",
            "Rec-Registry.read",
            "rec-registry.READ",
            "rec-registry.read:*",
            "rec-registry.read:a:b",
            "read",
            "admin",
            "",
        ] {
            assert_eq!(reach(scope, Operation::Read), None, "{scope}");
        }
    }
}
