//! What assets add to the numbers of a community, as whole watts and watt-hours beside their properties.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbErr};
use serde_json::Value;

use crate::column::integer;
use crate::{IN_A_TRANSACTION, know_the_schema};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const COLUMNS: [&str; 4] = ["power_w", "heat_w", "energy_wh", "controllable_w"];

/// How many rows are read at once while the columns are filled in.
const ROWS: u64 = 1_000;

/// The rule of the program as it was when this step was written: the first of the spellings that holds a
/// number from 0 to 100 GW, to the nearest W.
fn units(properties: &Value, spellings: &[&str]) -> i64 {
    let given = spellings.iter().filter_map(|spelling| properties.get(spelling)?.as_f64());
    let kilo = { given }.find(|number| *number >= 0.0).unwrap_or(0.0);
    if kilo <= 1e8 { (kilo * 1000.0).round() as i64 } else { 0 }
}

/// The values of [`COLUMNS`] for an asset.
fn quantities(asset_type: &str, properties: &Value) -> [i64; 4] {
    let units = |spellings: &[&str]| units(properties, spellings);
    match asset_type {
        "pv" => [units(&["rated_power", "capacity_kwp"]), 0, 0, 0],
        "storage" => [0, 0, units(&["capacity", "capacity_kwh"]), 0],
        "ev_charger" => [units(&["max_power", "max_power_kw"]), 0, 0, 0],
        "heat_pump" => [units(&["electrical_power"]), units(&["thermal_power", "thermal_power_kw"]), 0, 0],
        "load" => {
            let power = units(&["rated_power", "rated_power_kw"]);
            let controllable = properties.get("controllable").and_then(Value::as_bool) == Some(true);
            [power, 0, 0, if controllable { power } else { 0 }]
        }
        _ => [0; 4],
    }
}

/// Fills in the columns of the assets that are stored already, in the order of their ids.
async fn fill_in(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    let mut last: Option<sea_orm_migration::sea_orm::prelude::Uuid> = None;
    loop {
        let mut select = Query::select();
        select.columns(["id", "asset_type", "properties"]).from("asset");
        if let Some(last) = last {
            select.and_where(Expr::col("id").gt(last));
        }
        let rows = connection.query_all(select.order_by("id", Order::Asc).limit(ROWS)).await?;
        if rows.is_empty() {
            return Ok(());
        }
        for row in rows {
            let id = row.try_get("", "id")?;
            let asset_type: String = row.try_get("", "asset_type")?;
            let properties: String = row.try_get("", "properties")?;
            let properties = serde_json::from_str(&properties).unwrap_or_default();
            last = Some(id);
            let values = quantities(&asset_type, &properties);
            if values == [0; 4] {
                continue;
            }
            let mut update = Query::update();
            update.table("asset").and_where(Expr::col("id").eq(id));
            for (column, value) in COLUMNS.into_iter().zip(values) {
                update.value(column, value);
            }
            connection.execute(&update).await?;
        }
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        IN_A_TRANSACTION
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in COLUMNS {
            let mut table = Table::alter();
            manager.alter_table(table.table("asset").add_column(integer(column).default(0)).take()).await?;
        }
        fill_in(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        know_the_schema(manager).await?;
        for column in COLUMNS {
            manager.alter_table(Table::alter().table("asset").drop_column(column).take()).await?;
        }
        Ok(())
    }
}
