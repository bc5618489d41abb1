//! The people of the trail: each has a key, kept apart, that makes the pseudonym.

use std::collections::HashMap;

use entity::audit_person;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::super::{Handle, Result, StoreError, set};
use crate::domain::audit::{self, KEY_CHARS, Person, pseudonym};

/// Most keys that one statement keeps.
const KEYS: usize = 8_000;

/// The pseudonym of each of these people, each once; one who has no key is given one.
pub(super) async fn pseudonyms_of<'a>(
    handle: &Handle,
    people: &[Person<'a>],
) -> Result<HashMap<Person<'a>, String>> {
    let mut names: Vec<(String, Person<'a>)> = people.iter().map(|person| (person.name(), *person)).collect();
    // Pages of the index are then gone through once.
    names.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    let keys = keys_of(handle, &names.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>()).await?;
    let named = |(name, person): (String, Person<'a>)| Some((person, pseudonym(&name, keys.get(&name)?)));
    Ok(names.into_iter().filter_map(named).collect())
}

/// The key that is kept under each of these names; it is made where there is none.
async fn keys_of(handle: &Handle, names: &[&str]) -> Result<HashMap<String, String>> {
    let mut keys = stored_keys(handle, names).await?;
    let missing: Vec<&str> = names.iter().copied().filter(|name| !keys.contains_key(*name)).collect();
    if missing.is_empty() {
        return Ok(keys);
    }
    let mut new = Vec::with_capacity(missing.len());
    for name in missing {
        let key = new_key()?;
        new.push([key.as_str(), name].concat());
        keys.insert(name.to_owned(), key);
    }
    let was_first = insert(handle, &new).await? == new.len() as u64;
    if was_first { Ok(keys) } else { stored_keys(handle, names).await }
}

/// Gives a key to whoever of these people has none yet. Many who are given theirs together, in the order of names, share the
/// pages of the index; who is given one when first looked at changes a page for it alone.
///
/// # Errors
/// When the database fails.
pub async fn give_keys(handle: &Handle, people: impl Iterator<Item = Person<'_>>) -> Result<()> {
    let mut names: Vec<String> = people.map(Person::name).collect();
    names.sort_unstable();
    for names in names.chunks(KEYS) {
        let keys =
            names.iter().map(|name| Ok([new_key()?.as_str(), name].concat())).collect::<Result<Vec<_>>>()?;
        insert(handle, &keys).await?;
    }
    Ok(())
}

fn new_key() -> Result<String> {
    audit::new_key().ok_or_else(|| StoreError::Database("there are no random numbers".to_owned()))
}

/// Keeps keys, each in front of its name, where there is none yet. Gives how many that were.
async fn insert(handle: &Handle, keys_and_names: &[String]) -> Result<u64> {
    let backend = handle.get_database_backend();
    let (insert, unless_there) = match backend {
        DbBackend::Sqlite => ("INSERT OR IGNORE", ""),
        _ => ("INSERT", " ON CONFLICT DO NOTHING"),
    };
    let sql = format!(
        "{insert} INTO audit_person (name, key) SELECT substr(value, {}), substr(value, 1, {KEY_CHARS}) FROM {}{unless_there}",
        KEY_CHARS + 1,
        set::texts_as_rows(backend, 1),
    );
    let statement = Statement::from_sql_and_values(backend, sql, [set::texts(backend, keys_and_names)]);
    Ok(handle.execute_raw(statement).await?.rows_affected())
}

async fn stored_keys(handle: &Handle, names: &[&str]) -> Result<HashMap<String, String>> {
    let name = Expr::col((audit_person::Entity, audit_person::Column::Name));
    let select = Query::select()
        .columns([audit_person::Column::Name, audit_person::Column::Key])
        .from(audit_person::Entity)
        .and_where(set::is_one_of_texts(handle.get_database_backend(), name, names))
        .take();
    let rows = handle.query_all(&select).await?;
    rows.iter().map(|row| Ok((row.try_get("", "name")?, row.try_get("", "key")?))).collect()
}

/// The pseudonyms of these people, of those who have a key.
///
/// # Errors
/// When the database fails.
pub async fn pseudonyms(handle: &Handle, people: &[Person<'_>]) -> Result<Vec<String>> {
    let names: Vec<String> = people.iter().map(|person| person.name()).collect();
    let keys = stored_keys(handle, &names.iter().map(String::as_str).collect::<Vec<_>>()).await?;
    Ok(names.iter().filter_map(|name| Some(pseudonym(name, keys.get(name)?))).collect())
}

/// Deletes the key of a person: nobody can say any more whose the pseudonym was.
///
/// # Errors
/// When the database fails.
pub async fn forget(handle: &Handle, person: Person<'_>) -> Result<()> {
    let name = Expr::col(audit_person::Column::Name).eq(person.name());
    handle.execute(&Query::delete().from_table(audit_person::Entity).and_where(name).take()).await?;
    Ok(())
}
