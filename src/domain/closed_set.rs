//! The closed sets of the model. A word is compared exactly, without case folding.

use std::fmt;

/// A set of words that the contract closes: nothing else is accepted or stored.
pub trait ClosedSet: Copy + Eq + 'static {
    /// Every value, in the order of the contract.
    const ALL: &'static [Self];

    /// The word that stands for the value in bundles, in REST and in the database.
    fn as_str(self) -> &'static str;

    /// The value of a word, compared exactly.
    fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.as_str() == word)
    }

    /// The allowed words, for a sentence: `consumer, prosumer, producer, operator, admin`.
    fn allowed() -> String {
        Self::ALL.iter().map(|value| value.as_str()).collect::<Vec<_>>().join(", ")
    }
}

macro_rules! closed_set {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vmeta])* $variant),+ }

        impl ClosedSet for $name {
            const ALL: &'static [Self] = &[$(Self::$variant),+];

            fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

closed_set! {
    /// What a member is in the community.
    MemberRole {
        /// Draws energy.
        Consumer = "consumer",
        /// Draws and feeds energy.
        Prosumer = "prosumer",
        /// Feeds energy.
        Producer = "producer",
        /// Operates the community's plant or grid on its behalf.
        Operator = "operator",
        /// Administers the community.
        Admin = "admin",
    }
}

closed_set! {
    /// Where a membership stands. Only an active member holds sensors and delivery points.
    MemberStatus {
        /// Applied, not yet a member.
        Pending = "pending",
        /// A member in force.
        Active = "active",
        /// Temporarily without rights.
        Suspended = "suspended",
        /// Left.
        Inactive = "inactive",
    }
}

closed_set! {
    /// The kinds of assets.
    AssetType {
        /// A photovoltaic system.
        Pv = "pv",
        /// A battery.
        Storage = "storage",
        /// A meter.
        Meter = "meter",
        /// A charging point for electric vehicles.
        EvCharger = "ev_charger",
        /// A heat pump.
        HeatPump = "heat_pump",
        /// Any other load.
        Load = "load",
    }
}

closed_set! {
    /// The kinds of grid nodes.
    TopologyNodeType {
        /// A primary substation, high to medium voltage.
        PrimarySubstation = "primary_substation",
        /// A secondary substation, medium to low voltage.
        SecondarySubstation = "secondary_substation",
        /// A transformer.
        Transformer = "transformer",
        /// A feeder.
        Feeder = "feeder",
    }
}

closed_set! {
    /// What a search can find.
    SearchKind {
        /// A community.
        Community = "community",
        /// A member.
        Member = "member",
        /// A delivery point.
        DeliveryPoint = "delivery_point",
        /// An asset.
        Asset = "asset",
    }
}

closed_set! {
    /// What something can be found by.
    SearchField {
        /// The name.
        Name = "name",
        /// The key, unique in the community.
        Key = "key",
        /// The identity provider's user name of a member.
        UserId = "user_id",
        /// The id of the measuring device behind an asset.
        SensorId = "sensor_id",
        /// The id that the grid operator gave a delivery point.
        Code = "code",
    }
}

closed_set! {
    /// What a community is made of.
    EntityKind {
        /// The community itself.
        Community = "community",
        /// A distribution system operator.
        Operator = "operator",
        /// An area.
        Area = "area",
        /// A grid node.
        TopologyNode = "topology_node",
        /// A member.
        Member = "member",
        /// A delivery point of a member.
        DeliveryPoint = "delivery_point",
        /// An asset of a member.
        Asset = "asset",
    }
}

closed_set! {
    /// What becomes of an entity.
    EntityChangeKind {
        /// It was not there before.
        Added = "added",
        /// It is there no more.
        Removed = "removed",
        /// Some of its fields are others.
        Changed = "changed",
    }
}

closed_set! {
    /// What happened to a community.
    ChangeKind {
        /// It was not there before.
        Created = "created",
        /// Something of it changed.
        Updated = "updated",
        /// It is gone.
        Removed = "removed",
    }
}

closed_set! {
    /// How something that was done ended.
    AuditOutcome {
        /// It was done.
        Ok = "ok",
        /// The caller may not.
        Denied = "denied",
        /// There is no such thing, or none within the caller's reach.
        NotFound = "not_found",
        /// What was asked for does not fit, or the registry does not allow it.
        Refused = "refused",
        /// It could not be done.
        Failed = "failed",
    }
}
