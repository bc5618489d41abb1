//! The closed sets of the model as GraphQL enums.

use async_graphql::Enum;

use crate::domain::closed_set;

/// What a member is in the community.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "closed_set::MemberRole")]
pub enum MemberRole {
    /// Draws energy.
    Consumer,
    /// Draws and feeds energy.
    Prosumer,
    /// Feeds energy.
    Producer,
    /// Operates the community's plant or grid on its behalf.
    Operator,
    /// Administers the community.
    Admin,
}

/// Where a membership stands. Only an active member holds sensors and delivery points.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "closed_set::MemberStatus")]
pub enum MemberStatus {
    /// Applied, not yet a member.
    Pending,
    /// A member in force.
    Active,
    /// Temporarily without rights.
    Suspended,
    /// Left.
    Inactive,
}

/// The kinds of assets.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "closed_set::AssetType")]
pub enum AssetType {
    /// A photovoltaic system.
    Pv,
    /// A battery.
    Storage,
    /// A meter.
    Meter,
    /// A charging point for electric vehicles.
    EvCharger,
    /// A heat pump.
    HeatPump,
    /// Any other load.
    Load,
}

/// The kinds of grid nodes.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "closed_set::TopologyNodeType")]
pub enum TopologyNodeType {
    /// A primary substation, high to medium voltage.
    PrimarySubstation,
    /// A secondary substation, medium to low voltage.
    SecondarySubstation,
    /// A transformer.
    Transformer,
    /// A feeder.
    Feeder,
}

/// What something can be found by.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "closed_set::SearchField")]
pub enum SearchField {
    /// The name.
    Name,
    /// The key, unique in the community.
    Key,
    /// The identity provider's user name of a member.
    UserId,
    /// The id of the measuring device behind an asset.
    SensorId,
    /// The id that the grid operator gave a delivery point.
    Code,
}

/// What happened to a community.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "closed_set::ChangeKind")]
pub enum CommunityChangeKind {
    /// It was not there before.
    Created,
    /// Something of it changed: the community itself, or any member, delivery point or asset of it.
    Updated,
    /// It is gone, with all that was in it.
    Removed,
}

/// How something that was done ended.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "closed_set::AuditOutcome")]
pub enum AuditOutcome {
    /// It was done.
    Ok,
    /// The caller may not.
    Denied,
    /// There is no such thing, or none within the caller's reach.
    NotFound,
    /// What was asked for does not fit, or the registry does not allow it.
    Refused,
    /// It could not be done.
    Failed,
}

/// What a community is made of.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "closed_set::EntityKind")]
pub enum EntityKind {
    /// The community itself.
    Community,
    /// A distribution system operator.
    Operator,
    /// An area.
    Area,
    /// A grid node.
    TopologyNode,
    /// A member.
    Member,
    /// A delivery point of a member.
    DeliveryPoint,
    /// An asset of a member.
    Asset,
}

/// What becomes of an entity.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "closed_set::EntityChangeKind")]
pub enum EntityChangeKind {
    /// It was not there before.
    Added,
    /// It is there no more.
    Removed,
    /// Some of its fields are others.
    Changed,
}

/// What an active member holds alone in the whole registry.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::domain::delivery_point::HoldingKind")]
pub enum HoldingKind {
    /// A sensor.
    Sensor,
    /// A delivery point.
    DeliveryPoint,
}
