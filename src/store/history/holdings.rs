//! Who held which sensor and which delivery point, until when.

use entity::{ended_holding, holding, member};
use sea_orm::sea_query::{Expr, ExprTrait, Order as SqlOrder, Query, SimpleExpr};
use sea_orm::{ConnectionTrait, QueryResult};
use uuid::Uuid;

use crate::domain::community::CommunityRef;
use crate::domain::delivery_point::HoldingKind;
use crate::domain::history::PastHolder;
use crate::domain::timestamp::Timestamp;
use crate::store::{Handle, Result, Scope, StoreError, communities, set};

/// Notes that the holdings of members end now; see [`resume`].
pub(in crate::store) async fn end(handle: &Handle, holdings: SimpleExpr, now: Timestamp) -> Result<()> {
    use ended_holding::Column;
    let of = |column: holding::Column| (holding::Entity, column);
    let ended = Query::select()
        .columns([of(holding::Column::Kind), of(holding::Column::FoldedId)])
        .expr(Expr::val(now.as_micros()))
        .columns([of(holding::Column::MemberId), of(holding::Column::CommunityId)])
        .columns([(member::Entity, member::Column::Key), (member::Entity, member::Column::UserId)])
        .column(of(holding::Column::Since))
        .from(holding::Entity)
        .inner_join(
            member::Entity,
            Expr::col((member::Entity, member::Column::Id)).equals(of(holding::Column::MemberId)),
        )
        .and_where(holdings)
        .take();
    let mut insert = Query::insert();
    insert.into_table(ended_holding::Entity).columns([
        Column::Kind,
        Column::FoldedId,
        Column::Until,
        Column::MemberId,
        Column::CommunityId,
        Column::MemberKey,
        Column::UserId,
        Column::Since,
    ]);
    insert.select_from(ended).map_err(|error| StoreError::Database(format!("ending holdings: {error}")))?;
    handle.execute(&insert).await?;
    Ok(())
}

/// Takes back the end of holdings that go on: the same member holds the same again.
pub(in crate::store) async fn resume(
    handle: &Handle,
    holdings: SimpleExpr,
    community: Uuid,
    now: Timestamp,
) -> Result<()> {
    let same = || {
        let equal = |ended: ended_holding::Column, held: holding::Column| {
            Expr::col((ended_holding::Entity, ended)).equals((holding::Entity, held))
        };
        equal(ended_holding::Column::Kind, holding::Column::Kind)
            .and(equal(ended_holding::Column::FoldedId, holding::Column::FoldedId))
            .and(equal(ended_holding::Column::MemberId, holding::Column::MemberId))
            .and(Expr::col((ended_holding::Entity, ended_holding::Column::Until)).eq(now.as_micros()))
    };
    let since = Query::select()
        .column((ended_holding::Entity, ended_holding::Column::Since))
        .from(ended_holding::Entity)
        .and_where(same())
        .take();
    let resumed = Query::select().expr(Expr::val(1)).from(ended_holding::Entity).and_where(same()).take();
    let update = Query::update()
        .table(holding::Entity)
        .value(holding::Column::Since, SimpleExpr::SubQuery(None, Box::new(since.into())))
        .and_where(holdings)
        .and_where(Expr::exists(resumed))
        .take();
    handle.execute(&update).await?;
    let held = Query::select().expr(Expr::val(1)).from(holding::Entity).and_where(same()).take();
    let delete = Query::delete()
        .from_table(ended_holding::Entity)
        .and_where(Expr::col((ended_holding::Entity, ended_holding::Column::CommunityId)).eq(community))
        .and_where(Expr::col((ended_holding::Entity, ended_holding::Column::Until)).eq(now.as_micros()))
        .and_where(Expr::exists(held))
        .take();
    handle.execute(&delete).await?;
    Ok(())
}

/// Who held something at a time, within a scope.
///
/// # Errors
/// When the database fails.
pub async fn holder_at(
    handle: &Handle,
    scope: &Scope,
    kind: HoldingKind,
    folded_id: &str,
    time: Timestamp,
) -> Result<Option<PastHolder>> {
    let held = Query::select()
        .column((holding::Entity, holding::Column::CommunityId))
        .columns([(holding::Entity, holding::Column::MemberId), (holding::Entity, holding::Column::Since)])
        .expr_as(Expr::col((member::Entity, member::Column::Key)), "member_key")
        .column((member::Entity, member::Column::UserId))
        .from(holding::Entity)
        .inner_join(
            member::Entity,
            Expr::col((member::Entity, member::Column::Id))
                .equals((holding::Entity, holding::Column::MemberId)),
        )
        .and_where(Expr::col((holding::Entity, holding::Column::Kind)).eq(kind.as_str()))
        .and_where(Expr::col((holding::Entity, holding::Column::FoldedId)).eq(folded_id))
        .and_where(Expr::col((holding::Entity, holding::Column::Since)).lte(time.as_micros()))
        .take();
    if let Some(row) = handle.query_one(&held).await? {
        return past_holder(handle, scope, kind, &row, None).await;
    }
    use ended_holding::Column;
    let ended = Query::select()
        .columns([Column::CommunityId, Column::MemberId, Column::MemberKey, Column::UserId])
        .columns([Column::Since, Column::Until])
        .from(ended_holding::Entity)
        .and_where(Expr::col(Column::Kind).eq(kind.as_str()))
        .and_where(Expr::col(Column::FoldedId).eq(folded_id))
        .and_where(Expr::col(Column::Since).lte(time.as_micros()))
        .and_where(Expr::col(Column::Until).gt(time.as_micros()))
        .order_by(Column::Since, SqlOrder::Desc)
        .limit(1)
        .take();
    match handle.query_one(&ended).await? {
        Some(row) => {
            let until = Timestamp::from_micros(row.try_get("", "until")?);
            past_holder(handle, scope, kind, &row, Some(until)).await
        }
        None => Ok(None),
    }
}

async fn past_holder(
    handle: &Handle,
    scope: &Scope,
    kind: HoldingKind,
    row: &QueryResult,
    until: Option<Timestamp>,
) -> Result<Option<PastHolder>> {
    let community: Uuid = row.try_get("", "community_id")?;
    let found = communities::by_ids(handle, &[community]).await?.remove(&community);
    let Some(community) = found.filter(|found| scope.includes(&found.content.key)) else { return Ok(None) };
    let (member_key, user_id): (String, String) =
        (row.try_get("", "member_key")?, row.try_get("", "user_id")?);
    let since: i64 = row.try_get("", "since")?;
    Ok(Some(PastHolder {
        kind,
        community: CommunityRef {
            id: community.id,
            key: community.content.key,
            name: community.content.name,
        },
        member_id: row.try_get("", "member_id")?,
        member_key: member_key.into(),
        user_id: user_id.into(),
        since: (since > 0).then(|| Timestamp::from_micros(since)),
        until,
    }))
}

/// That a holding is one of a community's members.
pub(in crate::store) fn of_community(community: Uuid) -> SimpleExpr {
    let members = Query::select()
        .column(member::Column::Id)
        .from(member::Entity)
        .and_where(Expr::col(member::Column::CommunityId).eq(community))
        .take();
    Expr::col((holding::Entity, holding::Column::MemberId)).in_subquery(members)
}

/// The ids of members as a condition on the holdings that are theirs.
pub(in crate::store) fn of_members(handle: &Handle, ids: &[Uuid]) -> SimpleExpr {
    let member_id = Expr::col((holding::Entity, holding::Column::MemberId));
    set::is_one_of_ids(handle.get_database_backend(), member_id, ids)
}
