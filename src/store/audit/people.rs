//! The people of the trail: each has a key, kept apart, that makes the pseudonym.

use std::collections::HashMap;

use entity::audit_person;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::super::{Handle, Result, StoreError, members, set};
use crate::domain::audit::{self, KEY_CHARS, Person, pseudonym};
use crate::domain::identifier::UserId;

/// The pseudonym of each of these people, each once; one who has no key is given one.
pub(super) async fn pseudonyms_of<'a>(
    handle: &Handle,
    people: &[Person<'a>],
) -> Result<HashMap<Person<'a>, String>> {
    let mut names: Vec<(String, Person<'a>)> = people.iter().map(|person| (person.name(), *person)).collect();
    // Pages of the index are then gone through once.
    names.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    let keys = keys_of(handle, &names.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>()).await?;
    // Whoever is erased meanwhile has none: what an empty key makes of a name, anybody could make.
    let known = names.iter().zip(keys).filter(|(_, key)| !key.is_empty());
    Ok(known.map(|((name, person), key)| (*person, pseudonym(name, &key))).collect())
}

/// The key that is kept under each of these names; it is made where there is none.
async fn keys_of(handle: &Handle, names: &[&str]) -> Result<Vec<String>> {
    let mut keys = stored_keys(handle, names).await?;
    let mut new = Vec::new();
    for (name, key) in names.iter().zip(&mut keys).filter(|(_, key)| key.is_empty()) {
        *key = new_key()?;
        new.push([key.as_str(), name].concat());
    }
    let was_first = new.is_empty() || insert(handle, &new).await? == new.len() as u64;
    if was_first { Ok(keys) } else { stored_keys(handle, names).await }
}

/// Gives a key to whoever of these users has none yet and is a member. Many who are given theirs together, in the order of names,
/// share the pages of the index; who is given one when first looked at changes a page for it alone.
///
/// # Errors
/// When the database fails.
pub async fn give_keys(handle: &Handle, users: &[&str]) -> Result<()> {
    // Whoever is erased by now shall not stand here again.
    let members = members::users_among(handle, users).await?.into_iter().map(UserId::from);
    let keyed = members.map(|user| Ok([new_key()?, Person::User(&user).name()].concat()));
    insert(handle, &keyed.collect::<Result<Vec<_>>>()?).await?;
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
    let insertion = Statement::from_sql_and_values(backend, sql, [set::texts(backend, keys_and_names)]);
    Ok(handle.execute_raw(insertion).await?.rows_affected())
}

/// The key that is kept under each of these names, empty where there is none: all of them in one row, which costs a fraction of
/// as many rows.
async fn stored_keys(handle: &Handle, names: &[&str]) -> Result<Vec<String>> {
    let backend = handle.get_database_backend();
    let (all, names_in_order) = match backend {
        DbBackend::Postgres => ("string_agg", "unnest($1) WITH ORDINALITY AS names(value, place)"),
        _ => ("group_concat", "(SELECT value, key AS place FROM json_each(?1)) AS names"),
    };
    let sql = format!(
        "SELECT {all}(COALESCE(audit_person.key, ''), ' ' ORDER BY place) AS stored \
         FROM {names_in_order} LEFT JOIN audit_person ON audit_person.name = names.value"
    );
    let statement = Statement::from_sql_and_values(backend, sql, [set::texts(backend, names)]);
    let row = handle.query_one_raw(statement).await?;
    let keys: Option<String> = row.map(|row| row.try_get("", "stored")).transpose()?.flatten();
    Ok(keys.iter().flat_map(|keys| keys.split(' ')).map(str::to_owned).collect())
}

/// The pseudonyms of these people, of those who have a key.
///
/// # Errors
/// When the database fails.
pub async fn pseudonyms(handle: &Handle, people: &[Person<'_>]) -> Result<Vec<String>> {
    let names: Vec<String> = people.iter().map(|person| person.name()).collect();
    let keys = stored_keys(handle, &names.iter().map(String::as_str).collect::<Vec<_>>()).await?;
    let known = names.iter().zip(&keys).filter(|(_, key)| !key.is_empty());
    Ok(known.map(|(name, key)| pseudonym(name, key)).collect())
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
