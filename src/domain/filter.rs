//! Filters: what rows of a list are asked for. One small language for both doors; the store turns it
//! into SQL.

use super::closed_set::{AssetType, MemberRole, MemberStatus};

/// A condition over one kind of row.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Filter<F> {
    /// Every one of these; true when there is none.
    All(Vec<Filter<F>>),
    /// One of these at least; false when there is none.
    Any(Vec<Filter<F>>),
    /// Not this.
    Not(Box<Filter<F>>),
    /// A test of one field.
    Field(F),
}

impl<F> Filter<F> {
    /// The condition that every row fulfils.
    #[must_use]
    pub fn everything() -> Self {
        Self::All(Vec::new())
    }

    /// Whether it is the condition that every row fulfils.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        matches!(self, Self::All(conditions) if conditions.is_empty())
    }

    /// Both conditions.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match self {
            Self::All(mut conditions) => {
                conditions.push(other);
                Self::All(conditions)
            }
            condition => Self::All(vec![condition, other]),
        }
    }
}

/// A test of a text. A text that is absent passes none but `Not` and `NotOneOf`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TextTest {
    /// Is this, to the byte.
    Is(String),
    /// Is not this.
    Not(String),
    /// Is one of these.
    OneOf(Vec<String>),
    /// Is none of these.
    NotOneOf(Vec<String>),
    /// Contains this, ignoring case.
    Contains(String),
    /// Begins with this, ignoring case.
    StartsWith(String),
}

/// A test of a value of a closed set.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum WordTest<W> {
    /// Is one of these.
    OneOf(Vec<W>),
    /// Is none of these.
    NotOneOf(Vec<W>),
}

/// Whether rows of another kind that belong to this one exist.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Related<F> {
    /// One at least fulfils the condition.
    Some(Box<Filter<F>>),
    /// None fulfils the condition.
    None(Box<Filter<F>>),
}

/// A test of a community.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CommunityField {
    /// Its key.
    Key(TextTest),
    /// Its name.
    Name(TextTest),
    /// Its description.
    Description(TextTest),
}

/// A test of a member.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum MemberField {
    /// Its key.
    Key(TextTest),
    /// Its user id.
    UserId(TextTest),
    /// Its DID.
    Did(TextTest),
    /// Its name.
    Name(TextTest),
    /// Its schema.org type.
    MemberType(TextTest),
    /// Its role.
    Role(WordTest<MemberRole>),
    /// Its status.
    Status(WordTest<MemberStatus>),
    /// The key of its area.
    Area(TextTest),
    /// Its community.
    Community(Box<Filter<CommunityField>>),
    /// Its assets.
    Assets(Related<AssetField>),
    /// Its delivery points.
    DeliveryPoints(Related<DeliveryPointField>),
}

/// A test of an asset.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AssetField {
    /// Its key.
    Key(TextTest),
    /// Its name.
    Name(TextTest),
    /// Its sensor id.
    SensorId(TextTest),
    /// Its kind.
    Type(WordTest<AssetType>),
    /// Its owner.
    Owner(Box<Filter<MemberField>>),
    /// Its community.
    Community(Box<Filter<CommunityField>>),
}

/// A test of a revision; there is none.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RevisionField {}

/// A test of a delivery point.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum DeliveryPointField {
    /// Its code, ignoring case in every test, as codes compare.
    Code(TextTest),
    /// Its type.
    PointType(TextTest),
    /// Its description.
    Description(TextTest),
    /// Its address.
    Address(TextTest),
    /// Its tariff.
    Tariff(TextTest),
    /// Whether it is in use.
    Active(bool),
    /// Its member.
    Member(Box<Filter<MemberField>>),
    /// The community of its member.
    Community(Box<Filter<CommunityField>>),
}
