//! The people of the trail: each has a key, kept apart, that makes the pseudonym.

use std::collections::{BTreeSet, HashMap};

use entity::audit_person;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};

use super::super::{Handle, Result, StoreError, set};
use crate::domain::audit::{Person, new_key};

/// The key of each of these people; one who has none is given one.
pub(super) async fn keys_of(handle: &Handle, people: &BTreeSet<&Person>) -> Result<HashMap<String, String>> {
    let mut keys = stored_keys(handle, people).await?;
    let missing: Vec<&str> =
        people.iter().map(|person| person.as_str()).filter(|name| !keys.contains_key(*name)).collect();
    if missing.is_empty() {
        return Ok(keys);
    }
    let mut was_first = true;
    let missing: Vec<String> = missing.into_iter().map(str::to_owned).collect();
    for name in missing {
        let key = new_key().ok_or_else(|| StoreError::Database("there are no random numbers".to_owned()))?;
        let mut insert = Query::insert();
        insert
            .into_table(audit_person::Entity)
            .columns([audit_person::Column::Name, audit_person::Column::Key])
            .values_panic([name.as_str().into(), key.as_str().into()])
            .on_conflict(OnConflict::column(audit_person::Column::Name).do_nothing().to_owned());
        was_first &= handle.execute(&insert).await?.rows_affected() > 0;
        keys.insert(name, key);
    }
    if was_first { Ok(keys) } else { stored_keys(handle, people).await }
}

async fn stored_keys(handle: &Handle, people: &BTreeSet<&Person>) -> Result<HashMap<String, String>> {
    let names: Vec<&str> = people.iter().map(|person| person.as_str()).collect();
    let name = Expr::col((audit_person::Entity, audit_person::Column::Name));
    let select = Query::select()
        .columns([audit_person::Column::Name, audit_person::Column::Key])
        .from(audit_person::Entity)
        .and_where(set::is_one_of_texts(handle.get_database_backend(), name, &names))
        .take();
    let rows = handle.query_all(&select).await?;
    rows.iter().map(|row| Ok((row.try_get("", "name")?, row.try_get("", "key")?))).collect()
}

/// The pseudonyms of these people, of those who have a key.
///
/// # Errors
/// When the database fails.
pub async fn pseudonyms(handle: &Handle, people: &[Person]) -> Result<Vec<String>> {
    let keys = stored_keys(handle, &people.iter().collect()).await?;
    Ok(people.iter().filter_map(|person| Some(person.pseudonym(keys.get(person.as_str())?))).collect())
}

/// Deletes the key of a person: nobody can say any more whose the pseudonym was.
///
/// # Errors
/// When the database fails.
pub async fn forget(handle: &Handle, person: &Person) -> Result<()> {
    let name = Expr::col(audit_person::Column::Name).eq(person.as_str());
    handle.execute(&Query::delete().from_table(audit_person::Entity).and_where(name).take()).await?;
    Ok(())
}
