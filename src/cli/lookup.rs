//! `rec-registry lookup`: what an identifier belongs to.

use std::process::ExitCode;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::output::{fail, say, write_json};
use super::progress::Progress;
use super::remote::{Remote, Server};
use super::target::{Database, Target, told};
use super::{NO, NO_ANSWER};
use crate::domain::closed_set::{ClosedSet as _, MemberStatus};
use crate::domain::community::CommunityRef;
use crate::domain::identifier::{DeliveryPointCode, SensorId, UserId};
use crate::domain::member::MemberRef;
use crate::service::{Ctx, lookup};

/// Find the active member that an identifier belongs to. Ends with status 1 when nobody holds it, and with 2 when
/// the registry cannot be asked.
#[derive(Debug, clap::Args)]
pub struct Lookup {
    /// What kind of identifier it is.
    #[arg(value_enum)]
    kind: Kind,
    /// The identifier.
    id: String,
    /// As JSON instead of lines; null when nobody holds it.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: Database,
    #[command(flatten)]
    remote: Remote,
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

/// Who holds an identifier.
#[derive(Serialize, Deserialize)]
struct Found {
    community: CommunityTag,
    member: MemberTag,
    /// The key of the asset on a sensor.
    #[serde(skip_serializing_if = "Option::is_none")]
    asset: Option<String>,
    /// The code of the delivery point, as it is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery_point: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct CommunityTag {
    key: String,
    name: String,
}

#[derive(Serialize, Deserialize)]
struct MemberTag {
    key: String,
    user_id: String,
    name: String,
    role: String,
    /// Nobody else is found, so not every route says it.
    #[serde(default = "active")]
    status: String,
}

fn active() -> String {
    MemberStatus::Active.as_str().to_owned()
}

/// What a server says of who holds an identifier.
#[derive(Deserialize)]
struct Answer {
    community: CommunityTag,
    member: MemberTag,
    asset: Option<Keyed>,
    delivery_point: Option<Coded>,
}

#[derive(Deserialize)]
struct Keyed {
    key: String,
}

#[derive(Deserialize)]
struct Coded {
    id: String,
}

impl Lookup {
    /// Prints what was found.
    ///
    /// # Errors
    /// When the result cannot be written.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let found = match self.find().await {
            Ok(found) => found,
            Err(error) => {
                fail(&error);
                return Ok(ExitCode::from(NO_ANSWER));
            }
        };
        if self.json {
            write_json(&found)?;
        }
        let Some(found) = found else {
            if !self.json {
                eprintln!("No active member holds it");
            }
            return Ok(ExitCode::from(NO));
        };
        if !self.json {
            found.print()?;
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn find(&self) -> anyhow::Result<Option<Found>> {
        let target = Target::to_read(&self.remote, &self.database).await?;
        let _progress = Progress::of("looking");
        match target {
            Target::Database(local) => stored(&local.context(), self.kind, &self.id).await,
            Target::Server(server) => served(&server, self.kind, &self.id).await,
        }
    }
}

async fn stored(ctx: &Ctx, kind: Kind, id: &str) -> anyhow::Result<Option<Found>> {
    let found = |member: MemberRef, community: CommunityRef| Found {
        community: CommunityTag { key: community.key.into_string(), name: community.name },
        member: MemberTag {
            key: member.key.into_string(),
            user_id: member.user_id.into_string(),
            name: member.name,
            role: member.role.to_string(),
            status: member.status.to_string(),
        },
        asset: None,
        delivery_point: None,
    };
    Ok(match kind {
        Kind::User => {
            let member = lookup::member_by_user_id(ctx, &UserId::from(id), None).await.map_err(told)?;
            member.map(|member| found(member.tag(), member.community))
        }
        Kind::Sensor => {
            let sensor = SensorId::new(id).context("the sensor id is blank")?;
            let asset = lookup::asset_by_sensor_id(ctx, &sensor, None).await.map_err(told)?;
            asset.map(|asset| Found {
                asset: Some(asset.content.key.into_string()),
                ..found(asset.owner, asset.community)
            })
        }
        Kind::DeliveryPoint => {
            let code = DeliveryPointCode::from(id);
            let point = lookup::delivery_point_by_code(ctx, &code, None).await.map_err(told)?;
            point.map(|point| Found {
                delivery_point: Some(point.content.code.into_string()),
                ..found(point.member, point.community)
            })
        }
    })
}

async fn served(server: &Server, kind: Kind, id: &str) -> anyhow::Result<Option<Found>> {
    let route = match kind {
        Kind::User => "community-by-user-id",
        Kind::Sensor => "community-by-sensor-id",
        Kind::DeliveryPoint => "community-by-delivery-point",
    };
    let answer = server.get::<Answer>(&["admin", "lookup", route, id], &[]).await?;
    Ok(answer.map(|Answer { community, member, asset, delivery_point }| Found {
        community,
        member,
        asset: asset.map(|asset| asset.key),
        delivery_point: delivery_point.map(|point| point.id),
    }))
}

impl Found {
    fn print(&self) -> anyhow::Result<()> {
        let Self { community, member, asset, delivery_point } = self;
        say!("community  {}  {}", community.key, community.name);
        say!("member     {}  {} ({}, {})", member.key, member.name, member.role, member.status);
        if let Some(key) = asset {
            say!("asset      {key}");
        }
        if let Some(code) = delivery_point {
            say!("delivery point {code}");
        }
        Ok(())
    }
}
