//! Filters as SQL. Every test of a field is true or false and never unknown, so that a negation means
//! what it says also where a value is absent. Rows of other tables are reached by `EXISTS`, under
//! names of their own, because a filter may come back to a table that it started from.

use entity::{asset, community, delivery_point, member};
use sea_orm::DbBackend;
use sea_orm::sea_query::{Alias, Cond, Condition, DynIden, Expr, ExprTrait, IntoIden, Query, SimpleExpr};

use super::set;
use crate::domain::closed_set::ClosedSet;
use crate::domain::filter::{
    AssetField, CommunityField, DeliveryPointField, Filter, MemberField, Related, TextTest, WordTest,
};
use crate::domain::fold::{folded, folded_code};

/// Writes conditions for one database.
pub(super) struct Conditions {
    backend: DbBackend,
    /// How many names were given to tables in `EXISTS`.
    names: u32,
}

/// A kind of row that can be filtered.
pub(super) trait Filtered {
    /// The test of one field of the row that goes by the name `table`.
    fn test(&self, table: &DynIden, conditions: &mut Conditions) -> Condition;
}

impl Conditions {
    pub(super) fn new(backend: DbBackend) -> Self {
        Self { backend, names: 0 }
    }

    /// A whole filter over rows of the table that goes by the name `table`.
    pub(super) fn filter<F: Filtered>(&mut self, filter: &Filter<F>, table: &DynIden) -> Condition {
        match filter {
            Filter::All(filters) => {
                filters.iter().fold(Cond::all(), |all, filter| all.add(self.filter(filter, table)))
            }
            // An empty `Cond::any()` would be no condition at all.
            Filter::Any(filters) if filters.is_empty() => Cond::all().add(Expr::val(1).eq(0)),
            Filter::Any(filters) => {
                filters.iter().fold(Cond::any(), |any, filter| any.add(self.filter(filter, table)))
            }
            // Likewise the negation of an empty condition.
            Filter::Not(filter) if filter.is_everything() => Cond::all().add(Expr::val(1).eq(0)),
            Filter::Not(filter) => self.filter(filter, table).not(),
            Filter::Field(field) => field.test(table, self),
        }
    }

    fn name(&mut self) -> DynIden {
        self.names += 1;
        Alias::new(format!("related_{}", self.names)).into_iden()
    }

    /// A row of `entity` exists that fulfils the filter and whose `column` is `of`.
    fn exists<F: Filtered>(
        &mut self,
        entity: impl IntoIden,
        column: impl IntoIden,
        of: SimpleExpr,
        filter: &Filter<F>,
    ) -> SimpleExpr {
        let name = self.name();
        let condition = self.filter(filter, &name);
        Expr::exists(
            Query::select()
                .expr(Expr::val(1))
                .from_as(entity.into_iden(), name.clone())
                .and_where(Expr::col((name, column.into_iden())).eq(of))
                .cond_where(condition)
                .take(),
        )
    }

    fn related<F: Filtered>(
        &mut self,
        entity: impl IntoIden,
        column: impl IntoIden,
        of: SimpleExpr,
        related: &Related<F>,
    ) -> Condition {
        match related {
            Related::Some(filter) => Cond::all().add(self.exists(entity, column, of, filter)),
            Related::None(filter) => Cond::all().add(self.exists(entity, column, of, filter)).not(),
        }
    }

    /// A test of a text column; `folded_column` holds its folded form.
    fn text(&self, column: SimpleExpr, folded_column: SimpleExpr, test: &TextTest) -> Condition {
        let present = column.clone().is_not_null();
        let one_of = |texts: &[String]| set::is_one_of_texts(self.backend, column.clone(), texts);
        match test {
            TextTest::Is(text) => Cond::all().add(present).add(column.eq(text.as_str())),
            TextTest::Not(text) => Cond::all().add(present).add(column.eq(text.as_str())).not(),
            TextTest::OneOf(texts) => Cond::all().add(present).add(one_of(texts)),
            TextTest::NotOneOf(texts) => Cond::all().add(present).add(one_of(texts)).not(),
            TextTest::Contains(text) => {
                Cond::all().add(present).add(self.contains(folded_column, &folded(text)))
            }
            TextTest::StartsWith(text) => {
                Cond::all().add(present).add(starts_with(folded_column, &folded(text)))
            }
        }
    }

    /// `column` contains a text.
    pub(super) fn contains(&self, column: SimpleExpr, text: &str) -> SimpleExpr {
        let function = match self.backend {
            DbBackend::Postgres => "strpos($1, $2) > 0",
            _ => "instr(?, ?) > 0",
        };
        Expr::cust_with_exprs(function, [column, Expr::val(text)])
    }
}

/// The texts that begin with a prefix are those between the prefix and the prefix followed by the
/// largest character: a range, which an index can answer.
fn starts_with(column: SimpleExpr, prefix: &str) -> SimpleExpr {
    let end = format!("{prefix}{}", char::MAX);
    column.clone().gte(prefix).and(column.lt(end))
}

fn word<W: ClosedSet>(column: SimpleExpr, test: &WordTest<W>) -> Condition {
    match test {
        WordTest::OneOf(words) => Cond::all().add(column.is_in(words.iter().map(|word| word.as_str()))),
        WordTest::NotOneOf(words) => {
            Cond::all().add(column.is_not_in(words.iter().map(|word| word.as_str())))
        }
    }
}

/// A column of the table that goes by a name.
fn at(table: &DynIden, column: impl IntoIden) -> SimpleExpr {
    Expr::col((table.clone(), column.into_iden()))
}

impl Filtered for CommunityField {
    fn test(&self, table: &DynIden, conditions: &mut Conditions) -> Condition {
        use community::Column;
        match self {
            Self::Key(test) => conditions.text(at(table, Column::Key), at(table, Column::Key), test),
            Self::Name(test) => conditions.text(at(table, Column::Name), at(table, Column::NameFolded), test),
            Self::Description(test) => {
                conditions.text(at(table, Column::Description), at(table, Column::DescriptionFolded), test)
            }
        }
    }
}

impl Filtered for MemberField {
    fn test(&self, table: &DynIden, conditions: &mut Conditions) -> Condition {
        use member::Column;
        match self {
            Self::Key(test) => conditions.text(at(table, Column::Key), at(table, Column::KeyFolded), test),
            Self::UserId(test) => {
                conditions.text(at(table, Column::UserId), at(table, Column::UserIdFolded), test)
            }
            Self::Did(test) => conditions.text(at(table, Column::Did), at(table, Column::DidFolded), test),
            Self::Name(test) => conditions.text(at(table, Column::Name), at(table, Column::NameFolded), test),
            Self::MemberType(test) => {
                conditions.text(at(table, Column::MemberType), at(table, Column::MemberTypeFolded), test)
            }
            Self::Role(test) => word(at(table, Column::Role), test),
            Self::Status(test) => word(at(table, Column::Status), test),
            Self::Area(test) => conditions.text(at(table, Column::Area), at(table, Column::AreaFolded), test),
            Self::Community(filter) => {
                let of = at(table, Column::CommunityId);
                Cond::all().add(conditions.exists(community::Entity, community::Column::Id, of, filter))
            }
            Self::Assets(related) => {
                conditions.related(asset::Entity, asset::Column::MemberId, at(table, Column::Id), related)
            }
            Self::DeliveryPoints(related) => conditions.related(
                delivery_point::Entity,
                delivery_point::Column::MemberId,
                at(table, Column::Id),
                related,
            ),
        }
    }
}

impl Filtered for AssetField {
    fn test(&self, table: &DynIden, conditions: &mut Conditions) -> Condition {
        use asset::Column;
        match self {
            Self::Key(test) => conditions.text(at(table, Column::Key), at(table, Column::KeyFolded), test),
            Self::Name(test) => conditions.text(at(table, Column::Name), at(table, Column::NameFolded), test),
            Self::SensorId(test) => {
                conditions.text(at(table, Column::SensorId), at(table, Column::SensorIdFolded), test)
            }
            Self::Type(test) => word(at(table, Column::AssetType), test),
            Self::Owner(filter) => {
                let of = at(table, Column::MemberId);
                Cond::all().add(conditions.exists(member::Entity, member::Column::Id, of, filter))
            }
            Self::Community(filter) => {
                let of = at(table, Column::CommunityId);
                Cond::all().add(conditions.exists(community::Entity, community::Column::Id, of, filter))
            }
        }
    }
}

impl Filtered for DeliveryPointField {
    fn test(&self, table: &DynIden, conditions: &mut Conditions) -> Condition {
        use delivery_point::Column;
        match self {
            Self::Code(test) => {
                let column = at(table, Column::CodeFolded);
                conditions.text(column.clone(), column, &folded_codes(test))
            }
            Self::PointType(test) => {
                conditions.text(at(table, Column::PointType), at(table, Column::PointTypeFolded), test)
            }
            Self::Description(test) => {
                conditions.text(at(table, Column::Description), at(table, Column::DescriptionFolded), test)
            }
            Self::Address(test) => {
                conditions.text(at(table, Column::Address), at(table, Column::AddressFolded), test)
            }
            Self::Tariff(test) => {
                conditions.text(at(table, Column::Tariff), at(table, Column::TariffFolded), test)
            }
            Self::Active(active) => Cond::all().add(at(table, Column::Active).eq(*active)),
            Self::Member(filter) => {
                let of = at(table, Column::MemberId);
                Cond::all().add(conditions.exists(member::Entity, member::Column::Id, of, filter))
            }
            Self::Community(filter) => {
                let of = at(table, Column::CommunityId);
                Cond::all().add(conditions.exists(community::Entity, community::Column::Id, of, filter))
            }
        }
    }
}

/// The same test of folded codes.
fn folded_codes(test: &TextTest) -> TextTest {
    let all = |codes: &[String]| codes.iter().map(|code| folded_code(code)).collect();
    match test {
        TextTest::Is(code) => TextTest::Is(folded_code(code)),
        TextTest::Not(code) => TextTest::Not(folded_code(code)),
        TextTest::OneOf(codes) => TextTest::OneOf(all(codes)),
        TextTest::NotOneOf(codes) => TextTest::NotOneOf(all(codes)),
        TextTest::Contains(part) => TextTest::Contains(part.clone()),
        TextTest::StartsWith(part) => TextTest::StartsWith(part.clone()),
    }
}
