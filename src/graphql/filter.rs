//! Filters as input objects, and how they become the filters of the domain.
//!
//! Every condition that a filter states must hold. A condition that is absent or null is none.

use async_graphql::InputObject;

use super::enums::{AssetType, MemberRole, MemberStatus};
use crate::domain::error::Error;
use crate::domain::filter::{
    AssetField, CommunityField, DeliveryPointField, Filter, MemberField, Related, TextTest, WordTest,
};

/// Most conditions of one filter, those of its relations with it.
const MAX_CONDITIONS: usize = 100;
/// Most values of one `in` or `notIn`.
const MAX_VALUES: usize = 500;
/// Deepest nesting of `and`, `or`, `not` and relations.
const MAX_DEPTH: usize = 8;

/// Tests of a text. Every test that is given must hold.
#[derive(InputObject, Debug, Clone, Default)]
pub struct StringFilter {
    /// Is this, to the byte.
    pub eq: Option<String>,
    /// Is not this; an absent text is not this either.
    pub ne: Option<String>,
    /// Is one of these, at most 500.
    #[graphql(name = "in")]
    pub one_of: Option<Vec<String>>,
    /// Is none of these, at most 500; an absent text is none of them.
    #[graphql(name = "notIn")]
    pub none_of: Option<Vec<String>>,
    /// Contains this, ignoring case.
    pub contains: Option<String>,
    /// Begins with this, ignoring case.
    pub starts_with: Option<String>,
}

/// A test of a truth value.
#[derive(InputObject, Debug, Clone, Default)]
pub struct BooleanFilter {
    /// Is this.
    pub eq: Option<bool>,
    /// Is not this.
    pub ne: Option<bool>,
}

macro_rules! word_filter {
    ($(#[$meta:meta])* $name:ident of $word:ident) => {
        $(#[$meta])*
        #[derive(InputObject, Debug, Clone, Default)]
        pub struct $name {
            /// Is this.
            pub eq: Option<$word>,
            /// Is one of these.
            #[graphql(name = "in")]
            pub one_of: Option<Vec<$word>>,
            /// Is none of these.
            #[graphql(name = "notIn")]
            pub none_of: Option<Vec<$word>>,
        }

        impl $name {
            fn tests<W: From<$word>>(self) -> Vec<WordTest<W>> {
                let words = |words: Vec<$word>| words.into_iter().map(W::from).collect();
                let mut tests = Vec::new();
                tests.extend(self.eq.map(|word| WordTest::OneOf(vec![word.into()])));
                tests.extend(self.one_of.map(|list| WordTest::OneOf(words(list))));
                tests.extend(self.none_of.map(|list| WordTest::NotOneOf(words(list))));
                tests
            }
        }
    };
}

word_filter! {
    /// Tests of a member's role. Every test that is given must hold.
    MemberRoleFilter of MemberRole
}
word_filter! {
    /// Tests of a membership's status. Every test that is given must hold.
    MemberStatusFilter of MemberStatus
}
word_filter! {
    /// Tests of an asset's kind. Every test that is given must hold.
    AssetTypeFilter of AssetType
}

/// Which communities are asked for. Every condition that is given must hold.
#[derive(InputObject, Debug, Clone, Default)]
pub struct CommunityFilter {
    /// The key.
    pub key: Option<StringFilter>,
    /// The name.
    pub name: Option<StringFilter>,
    /// The description.
    pub description: Option<StringFilter>,
    /// Every one of these holds.
    pub and: Option<Vec<CommunityFilter>>,
    /// One of these at least holds.
    pub or: Option<Vec<CommunityFilter>>,
    /// This does not hold.
    pub not: Option<Box<CommunityFilter>>,
}

/// Which members are asked for. Every condition that is given must hold.
#[derive(InputObject, Debug, Clone, Default)]
pub struct MemberFilter {
    /// The key.
    pub key: Option<StringFilter>,
    /// The identity provider's user name.
    pub user_id: Option<StringFilter>,
    /// The decentralized identifier.
    pub did: Option<StringFilter>,
    /// The name.
    pub name: Option<StringFilter>,
    /// The schema.org type, e.g. `schema:Person`.
    #[graphql(name = "type")]
    pub member_type: Option<StringFilter>,
    /// The role.
    pub role: Option<MemberRoleFilter>,
    /// Where the membership stands.
    pub status: Option<MemberStatusFilter>,
    /// The key of the area.
    pub area_key: Option<StringFilter>,
    /// The community.
    pub community: Option<Box<CommunityFilter>>,
    /// The member's assets.
    pub assets: Option<Box<RelatedAssetsFilter>>,
    /// The member's delivery points.
    pub delivery_points: Option<Box<RelatedDeliveryPointsFilter>>,
    /// Every one of these holds.
    pub and: Option<Vec<MemberFilter>>,
    /// One of these at least holds.
    pub or: Option<Vec<MemberFilter>>,
    /// This does not hold.
    pub not: Option<Box<MemberFilter>>,
}

/// Which assets are asked for. Every condition that is given must hold.
#[derive(InputObject, Debug, Clone, Default)]
pub struct AssetFilter {
    /// The key.
    pub key: Option<StringFilter>,
    /// The name.
    pub name: Option<StringFilter>,
    /// The id of the measuring device.
    pub sensor_id: Option<StringFilter>,
    /// The kind.
    #[graphql(name = "type")]
    pub asset_type: Option<AssetTypeFilter>,
    /// The owner.
    pub owner: Option<Box<MemberFilter>>,
    /// The community.
    pub community: Option<Box<CommunityFilter>>,
    /// Every one of these holds.
    pub and: Option<Vec<AssetFilter>>,
    /// One of these at least holds.
    pub or: Option<Vec<AssetFilter>>,
    /// This does not hold.
    pub not: Option<Box<AssetFilter>>,
}

/// Which delivery points are asked for. Every condition that is given must hold.
#[derive(InputObject, Debug, Clone, Default)]
pub struct DeliveryPointFilter {
    /// The code that the grid operator gave it; every test ignores case, as codes compare.
    pub code: Option<StringFilter>,
    /// The type: pod, cups, prm, malo, ean, mpan, other, or whatever was given.
    #[graphql(name = "type")]
    pub point_type: Option<StringFilter>,
    /// The description.
    pub description: Option<StringFilter>,
    /// The address.
    pub address: Option<StringFilter>,
    /// The tariff.
    pub tariff: Option<StringFilter>,
    /// Whether it is in use.
    pub active: Option<BooleanFilter>,
    /// The member whose it is.
    pub member: Option<Box<MemberFilter>>,
    /// The community of the member.
    pub community: Option<Box<CommunityFilter>>,
    /// Every one of these holds.
    pub and: Option<Vec<DeliveryPointFilter>>,
    /// One of these at least holds.
    pub or: Option<Vec<DeliveryPointFilter>>,
    /// This does not hold.
    pub not: Option<Box<DeliveryPointFilter>>,
}

/// A condition on the assets of a member.
#[derive(InputObject, Debug, Clone, Default)]
pub struct RelatedAssetsFilter {
    /// One asset at least fulfils this.
    pub some: Option<AssetFilter>,
    /// No asset fulfils this.
    pub none: Option<AssetFilter>,
}

/// A condition on the delivery points of a member.
#[derive(InputObject, Debug, Clone, Default)]
pub struct RelatedDeliveryPointsFilter {
    /// One delivery point at least fulfils this.
    pub some: Option<DeliveryPointFilter>,
    /// No delivery point fulfils this.
    pub none: Option<DeliveryPointFilter>,
}

/// An input object that stands for a filter of the domain.
pub trait FilterInput: Sized {
    /// What a test of the domain looks at.
    type Field;

    /// Adds the conditions of this object to a collection.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] when the filter is larger than allowed.
    fn collect(self, into: &mut Conditions<Self::Field>) -> Result<(), Error>;
}

/// The filter of the domain that an optional input stands for.
///
/// # Errors
/// [`Error::InvalidInput`] when it has more than 100 conditions, more than 500 values in a list, or is
/// nested deeper than 8 levels.
pub fn domain_filter<I: FilterInput>(input: Option<I>) -> Result<Filter<I::Field>, Error> {
    let Some(input) = input else { return Ok(Filter::everything()) };
    let mut conditions = Conditions { all: Vec::new(), left: MAX_CONDITIONS, depth: 0 };
    input.collect(&mut conditions)?;
    Ok(Filter::All(conditions.all))
}

/// Conditions that must all hold, and how many more may come.
pub struct Conditions<F> {
    all: Vec<Filter<F>>,
    left: usize,
    depth: usize,
}

fn too_large(message: String) -> Error {
    Error::invalid("filter", &["filter"], message, None)
}

impl<F> Conditions<F> {
    fn spend(&mut self) -> Result<(), Error> {
        self.left = self
            .left
            .checked_sub(1)
            .ok_or_else(|| too_large(format!("A filter has at most {MAX_CONDITIONS} conditions")))?;
        Ok(())
    }

    fn field(&mut self, field: F) -> Result<(), Error> {
        self.spend()?;
        self.all.push(Filter::Field(field));
        Ok(())
    }

    fn text(&mut self, input: Option<StringFilter>, of: impl Fn(TextTest) -> F) -> Result<(), Error> {
        let Some(input) = input else { return Ok(()) };
        let listed = |list: Vec<String>| {
            if list.len() > MAX_VALUES {
                return Err(too_large(format!("A list of a filter holds at most {MAX_VALUES} values")));
            }
            Ok(list)
        };
        let tests = [
            input.eq.map(TextTest::Is),
            input.ne.map(TextTest::Not),
            input.one_of.map(listed).transpose()?.map(TextTest::OneOf),
            input.none_of.map(listed).transpose()?.map(TextTest::NotOneOf),
            input.contains.map(TextTest::Contains),
            input.starts_with.map(TextTest::StartsWith),
        ];
        tests.into_iter().flatten().try_for_each(|test| self.field(of(test)))
    }

    fn words<W>(
        &mut self,
        tests: Option<Vec<WordTest<W>>>,
        of: impl Fn(WordTest<W>) -> F,
    ) -> Result<(), Error> {
        tests.into_iter().flatten().try_for_each(|test| self.field(of(test)))
    }

    /// The filter that an input one level down stands for.
    fn nested<I: FilterInput>(&mut self, input: I) -> Result<Filter<I::Field>, Error> {
        self.spend()?;
        if self.depth == MAX_DEPTH {
            return Err(too_large(format!("A filter is nested at most {MAX_DEPTH} levels deep")));
        }
        let mut conditions = Conditions { all: Vec::new(), left: self.left, depth: self.depth + 1 };
        input.collect(&mut conditions)?;
        self.left = conditions.left;
        Ok(Filter::All(conditions.all))
    }

    fn related<I: FilterInput>(
        &mut self,
        input: Option<Box<I>>,
        of: impl Fn(Box<Filter<I::Field>>) -> F,
    ) -> Result<(), Error> {
        let Some(input) = input else { return Ok(()) };
        let filter = self.nested(*input)?;
        self.all.push(Filter::Field(of(Box::new(filter))));
        Ok(())
    }

    fn some_or_none<I: FilterInput>(
        &mut self,
        some: Option<I>,
        none: Option<I>,
        of: impl Fn(Related<I::Field>) -> F,
    ) -> Result<(), Error> {
        if let Some(some) = some {
            let filter = self.nested(some)?;
            self.all.push(Filter::Field(of(Related::Some(Box::new(filter)))));
        }
        if let Some(none) = none {
            let filter = self.nested(none)?;
            self.all.push(Filter::Field(of(Related::None(Box::new(filter)))));
        }
        Ok(())
    }

    fn combined<I: FilterInput<Field = F>>(
        &mut self,
        and: Option<Vec<I>>,
        or: Option<Vec<I>>,
        not: Option<Box<I>>,
    ) -> Result<(), Error> {
        for filter in and.into_iter().flatten() {
            let filter = self.nested(filter)?;
            self.all.push(filter);
        }
        if let Some(or) = or {
            let any = or.into_iter().map(|filter| self.nested(filter)).collect::<Result<_, _>>()?;
            self.all.push(Filter::Any(any));
        }
        if let Some(not) = not {
            let filter = self.nested(*not)?;
            self.all.push(Filter::Not(Box::new(filter)));
        }
        Ok(())
    }
}

impl FilterInput for CommunityFilter {
    type Field = CommunityField;

    fn collect(self, into: &mut Conditions<CommunityField>) -> Result<(), Error> {
        into.text(self.key, CommunityField::Key)?;
        into.text(self.name, CommunityField::Name)?;
        into.text(self.description, CommunityField::Description)?;
        into.combined(self.and, self.or, self.not)
    }
}

impl FilterInput for MemberFilter {
    type Field = MemberField;

    fn collect(self, into: &mut Conditions<MemberField>) -> Result<(), Error> {
        into.text(self.key, MemberField::Key)?;
        into.text(self.user_id, MemberField::UserId)?;
        into.text(self.did, MemberField::Did)?;
        into.text(self.name, MemberField::Name)?;
        into.text(self.member_type, MemberField::MemberType)?;
        into.words(self.role.map(MemberRoleFilter::tests), MemberField::Role)?;
        into.words(self.status.map(MemberStatusFilter::tests), MemberField::Status)?;
        into.text(self.area_key, MemberField::Area)?;
        into.related(self.community, MemberField::Community)?;
        if let Some(assets) = self.assets {
            into.some_or_none(assets.some, assets.none, MemberField::Assets)?;
        }
        if let Some(points) = self.delivery_points {
            into.some_or_none(points.some, points.none, MemberField::DeliveryPoints)?;
        }
        into.combined(self.and, self.or, self.not)
    }
}

impl FilterInput for AssetFilter {
    type Field = AssetField;

    fn collect(self, into: &mut Conditions<AssetField>) -> Result<(), Error> {
        into.text(self.key, AssetField::Key)?;
        into.text(self.name, AssetField::Name)?;
        into.text(self.sensor_id, AssetField::SensorId)?;
        into.words(self.asset_type.map(AssetTypeFilter::tests), AssetField::Type)?;
        into.related(self.owner, AssetField::Owner)?;
        into.related(self.community, AssetField::Community)?;
        into.combined(self.and, self.or, self.not)
    }
}

impl FilterInput for DeliveryPointFilter {
    type Field = DeliveryPointField;

    fn collect(self, into: &mut Conditions<DeliveryPointField>) -> Result<(), Error> {
        into.text(self.code, DeliveryPointField::Code)?;
        into.text(self.point_type, DeliveryPointField::PointType)?;
        into.text(self.description, DeliveryPointField::Description)?;
        into.text(self.address, DeliveryPointField::Address)?;
        into.text(self.tariff, DeliveryPointField::Tariff)?;
        if let Some(active) = self.active {
            let tests = [active.eq, active.ne.map(|value| !value)];
            tests
                .into_iter()
                .flatten()
                .try_for_each(|value| into.field(DeliveryPointField::Active(value)))?;
        }
        into.related(self.member, DeliveryPointField::Member)?;
        into.related(self.community, DeliveryPointField::Community)?;
        into.combined(self.and, self.or, self.not)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> CommunityFilter {
        CommunityFilter {
            name: Some(StringFilter { contains: Some(name.to_owned()), ..StringFilter::default() }),
            ..CommunityFilter::default()
        }
    }

    #[test]
    fn no_filter_and_an_empty_one_let_everything_through() {
        assert!(domain_filter::<MemberFilter>(None).unwrap().is_everything());
        assert!(domain_filter(Some(MemberFilter::default())).unwrap().is_everything());
    }

    #[test]
    fn every_condition_must_hold_and_a_relation_is_a_condition() {
        let filter = MemberFilter {
            role: Some(MemberRoleFilter { eq: Some(MemberRole::Admin), ..MemberRoleFilter::default() }),
            community: Some(Box::new(named("x"))),
            or: Some(Vec::new()),
            ..MemberFilter::default()
        };
        let expected = Filter::All(vec![
            Filter::Field(MemberField::Role(WordTest::OneOf(vec![
                crate::domain::closed_set::MemberRole::Admin,
            ]))),
            Filter::Field(MemberField::Community(Box::new(Filter::All(vec![Filter::Field(
                CommunityField::Name(TextTest::Contains("x".to_owned())),
            )])))),
            Filter::Any(Vec::new()),
        ]);
        assert_eq!(domain_filter(Some(filter)).unwrap(), expected);
    }

    #[test]
    fn a_filter_has_bounds() {
        let wide = CommunityFilter { or: Some(vec![named("x"); 60]), ..CommunityFilter::default() };
        assert!(domain_filter(Some(wide)).is_err());
        let long = StringFilter { one_of: Some(vec![String::new(); 501]), ..StringFilter::default() };
        assert!(
            domain_filter(Some(CommunityFilter { key: Some(long), ..CommunityFilter::default() })).is_err()
        );
        let deep = (0..9).fold(named("x"), |inner, _| CommunityFilter {
            not: Some(Box::new(inner)),
            ..CommunityFilter::default()
        });
        assert!(domain_filter(Some(deep)).is_err());
        let fits = (0..8).fold(named("x"), |inner, _| CommunityFilter {
            not: Some(Box::new(inner)),
            ..CommunityFilter::default()
        });
        assert!(domain_filter(Some(fits)).is_ok());
    }
}
