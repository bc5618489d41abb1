//! `rec-registry lookup`: what an identifier belongs to.

use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::json;

use super::output::say;
use super::target::{Database, told};
use crate::domain::community::CommunityRef;
use crate::domain::identifier::{DeliveryPointCode, SensorId, UserId};
use crate::domain::member::MemberRef;
use crate::service::lookup;

/// Find the active member that an identifier belongs to.
#[derive(Debug, clap::Args)]
pub struct Lookup {
    /// What kind of identifier it is.
    #[arg(value_enum)]
    kind: Kind,
    /// The identifier.
    id: String,
    /// As JSON instead of lines.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: Database,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Kind {
    /// The identity provider's user name.
    User,
    /// The id of a measuring device.
    Sensor,
    /// The code of a delivery point.
    DeliveryPoint,
}

impl Lookup {
    /// Prints what was found; ends with a non-zero status when nobody holds the identifier.
    ///
    /// # Errors
    /// When several hold it, or the database cannot be read.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let local = self.database.open_to_read().await?;
        let ctx = local.context();
        let found = match self.kind {
            Kind::User => {
                let found =
                    lookup::member_by_user_id(&ctx, &UserId::from(self.id), None).await.map_err(told)?;
                found.map(|member| (member.tag(), member.community, None))
            }
            Kind::Sensor => {
                let sensor = SensorId::new(&self.id).context("the sensor id is blank")?;
                let found = lookup::asset_by_sensor_id(&ctx, &sensor, None).await.map_err(told)?;
                found.map(|asset| {
                    let what = ("asset", asset.content.key.to_string());
                    (asset.owner, asset.community, Some(what))
                })
            }
            Kind::DeliveryPoint => {
                let code = DeliveryPointCode::from(self.id);
                let found = lookup::delivery_point_by_code(&ctx, &code, None).await.map_err(told)?;
                found.map(|point| {
                    let what = ("delivery_point", point.content.code.to_string());
                    (point.member, point.community, Some(what))
                })
            }
        };
        let Some((member, community, what)) = found else {
            eprintln!("No active member holds it");
            return Ok(ExitCode::FAILURE);
        };
        print(&community, &member, what, self.json)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn print(
    community: &CommunityRef,
    member: &MemberRef,
    what: Option<(&str, String)>,
    as_json: bool,
) -> anyhow::Result<()> {
    if as_json {
        let mut found = json!({
            "community": {"key": community.key.as_str(), "name": community.name},
            "member": {
                "key": member.key.as_str(),
                "user_id": member.user_id.as_str(),
                "name": member.name,
                "role": member.role.to_string(),
                "status": member.status.to_string(),
            },
        });
        if let (Some((kind, key)), Some(fields)) = (what, found.as_object_mut()) {
            fields.insert(kind.to_owned(), key.into());
        }
        say!("{}", serde_json::to_string_pretty(&found)?);
    } else {
        say!("community  {}  {}", community.key, community.name);
        say!("member     {}  {} ({}, {})", member.key, member.name, member.role, member.status);
        if let Some((kind, key)) = what {
            say!("{:<10} {key}", kind.replace('_', " "));
        }
    }
    Ok(())
}
