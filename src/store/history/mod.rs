//! The past of communities: their revisions, and who held what until when; and how it is forgotten.

mod holdings;
mod revisions;

use entity::{ended_holding, revision_change};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use uuid::Uuid;

pub use holdings::holder_at;
pub(super) use holdings::{end, of_community, of_members, resume};
pub use revisions::{counts, each_change_back, first_number, number_at, pages, record};

use super::{Handle, Result};

/// Removes what the past says of a member of a community.
///
/// # Errors
/// When the database fails.
pub async fn forget_member(handle: &Handle, community: Uuid, member_key: &str) -> Result<()> {
    use revision_change::Column;
    for of in [Column::MemberKey, Column::FormerMemberKey] {
        let delete = Query::delete()
            .from_table(revision_change::Entity)
            .and_where(Expr::col(Column::CommunityId).eq(community))
            .and_where(Expr::col(of).eq(member_key))
            .take();
        handle.execute(&delete).await?;
    }
    let delete = Query::delete()
        .from_table(ended_holding::Entity)
        .and_where(Expr::col(ended_holding::Column::CommunityId).eq(community))
        .and_where(Expr::col(ended_holding::Column::MemberKey).eq(member_key))
        .take();
    handle.execute(&delete).await?;
    Ok(())
}

/// Removes what the past says of a person, in every community.
///
/// # Errors
/// When the database fails.
pub async fn forget_user(handle: &Handle, user_id: &str) -> Result<()> {
    use revision_change::Column;
    let select = Query::select()
        .columns([Column::CommunityId, Column::MemberKey])
        .distinct()
        .from(revision_change::Entity)
        .and_where(Expr::col(Column::UserId).eq(user_id))
        .take();
    for row in handle.query_all(&select).await? {
        let member_key: Option<String> = row.try_get("", "member_key")?;
        forget_member(handle, row.try_get("", "community_id")?, &member_key.unwrap_or_default()).await?;
    }
    let delete = Query::delete()
        .from_table(ended_holding::Entity)
        .and_where(Expr::col(ended_holding::Column::UserId).eq(user_id))
        .take();
    handle.execute(&delete).await?;
    Ok(())
}

/// Removes the past of a community.
pub(in crate::store) async fn forget_community(handle: &Handle, community: Uuid) -> Result<()> {
    let of = |table: &str| {
        let community_id = Expr::col("community_id").eq(community);
        Query::delete().from_table(table.to_owned()).and_where(community_id).take()
    };
    for table in ["revision", "revision_change", "ended_holding"] {
        handle.execute(&of(table)).await?;
    }
    Ok(())
}
