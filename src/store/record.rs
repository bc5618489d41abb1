//! What is read of each table, and the domain value that it becomes. The folded columns are never read.

use entity::{asset, community, delivery_point, member};
use sea_orm::DerivePartialModel;
use uuid::Uuid;

use super::StoreError;
use crate::domain::asset::{Asset, AssetContent};
use crate::domain::closed_set::{AssetType, ClosedSet, MemberRole, MemberStatus};
use crate::domain::community::{Community, CommunityContent, CommunityRef};
use crate::domain::delivery_point::{DeliveryPoint, DeliveryPointContent};
use crate::domain::document::Document;
use crate::domain::identifier::SensorId;
use crate::domain::member::{Member, MemberContent, MemberRef};
use crate::domain::timestamp::Timestamp;

/// The word of a closed set as it is stored.
pub(super) fn word<W: ClosedSet>(stored: &str) -> Result<W, StoreError> {
    W::parse(stored).ok_or_else(|| StoreError::Database("a stored word is outside its closed set".to_owned()))
}

#[derive(DerivePartialModel)]
#[sea_orm(entity = "community::Entity")]
pub(super) struct CommunityTag {
    id: Uuid,
    key: String,
    name: String,
}

impl From<CommunityTag> for CommunityRef {
    fn from(tag: CommunityTag) -> Self {
        Self { id: tag.id, key: tag.key.into(), name: tag.name }
    }
}

#[derive(DerivePartialModel)]
#[sea_orm(entity = "member::Entity")]
pub(super) struct MemberTag {
    id: Uuid,
    key: String,
    user_id: String,
    name: String,
    role: String,
    status: String,
}

impl TryFrom<MemberTag> for MemberRef {
    type Error = StoreError;

    fn try_from(tag: MemberTag) -> Result<Self, StoreError> {
        Ok(Self {
            id: tag.id,
            key: tag.key.into(),
            user_id: tag.user_id.into(),
            name: tag.name,
            role: word::<MemberRole>(&tag.role)?,
            status: word::<MemberStatus>(&tag.status)?,
        })
    }
}

#[derive(DerivePartialModel)]
#[sea_orm(entity = "community::Entity")]
pub(super) struct CommunityRecord {
    id: Uuid,
    key: String,
    name: String,
    description: Option<String>,
    legal: String,
    links: String,
    contact: String,
    settings: String,
    operators: String,
    areas: String,
    topology: String,
    extra: String,
    envelope: String,
    last_numbered_key: String,
    version: i64,
    revision: i64,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<CommunityRecord> for Community {
    type Error = StoreError;

    fn try_from(record: CommunityRecord) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            content: CommunityContent {
                key: record.key.into(),
                name: record.name,
                description: record.description,
                legal: Document::from_stored(record.legal),
                links: Document::from_stored(record.links),
                contact: Document::from_stored(record.contact),
                settings: Document::from_stored(record.settings),
                operators: Document::from_stored(record.operators),
                areas: Document::from_stored(record.areas),
                topology: Document::from_stored(record.topology),
                extra: Document::from_stored(record.extra),
                envelope: Document::from_stored(record.envelope),
            },
            last_numbered_key: record.last_numbered_key,
            version: record.version,
            revision: record.revision,
            created_at: Timestamp::from_micros(record.created_at),
            updated_at: Timestamp::from_micros(record.updated_at),
        })
    }
}

#[derive(DerivePartialModel)]
#[sea_orm(entity = "member::Entity")]
pub(super) struct MemberRecord {
    id: Uuid,
    key: String,
    user_id: String,
    did: Option<String>,
    name: String,
    member_type: Option<String>,
    role: String,
    area: String,
    status: String,
    extra: String,
    version: i64,
    created_at: i64,
    updated_at: i64,
    #[sea_orm(nested(prefix = "of_community_"))]
    community: CommunityTag,
}

impl TryFrom<MemberRecord> for Member {
    type Error = StoreError;

    fn try_from(record: MemberRecord) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            community: record.community.into(),
            content: MemberContent {
                key: record.key.into(),
                user_id: record.user_id.into(),
                did: record.did.map(Into::into),
                name: record.name,
                member_type: record.member_type,
                role: word(&record.role)?,
                area: record.area,
                status: word(&record.status)?,
                extra: Document::from_stored(record.extra),
            },
            version: record.version,
            created_at: Timestamp::from_micros(record.created_at),
            updated_at: Timestamp::from_micros(record.updated_at),
        })
    }
}

#[derive(DerivePartialModel)]
#[sea_orm(entity = "delivery_point::Entity")]
pub(super) struct DeliveryPointRecord {
    id: Uuid,
    code: String,
    point_type: String,
    description: Option<String>,
    address: Option<String>,
    tariff: Option<String>,
    active: bool,
    extra: String,
    #[sea_orm(nested(prefix = "of_community_"))]
    community: CommunityTag,
    #[sea_orm(nested(prefix = "of_member_"))]
    member: MemberTag,
}

impl TryFrom<DeliveryPointRecord> for DeliveryPoint {
    type Error = StoreError;

    fn try_from(record: DeliveryPointRecord) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            community: record.community.into(),
            member: record.member.try_into()?,
            content: DeliveryPointContent {
                code: record.code.into(),
                point_type: record.point_type,
                description: record.description,
                address: record.address,
                tariff: record.tariff,
                active: record.active,
                extra: Document::from_stored(record.extra),
            },
        })
    }
}

#[derive(DerivePartialModel)]
#[sea_orm(entity = "asset::Entity")]
pub(super) struct AssetRecord {
    id: Uuid,
    key: String,
    asset_type: String,
    name: String,
    sensor_id: Option<String>,
    properties: String,
    device: String,
    relationships: String,
    extra: String,
    version: i64,
    created_at: i64,
    updated_at: i64,
    community_id: Uuid,
    community_key: String,
    community_name: String,
    member_id: Uuid,
    owner_key: String,
    owner_user_id: String,
    owner_name: String,
    owner_role: String,
    owner_status: String,
}

impl TryFrom<AssetRecord> for Asset {
    type Error = StoreError;

    fn try_from(record: AssetRecord) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id,
            community: CommunityRef {
                id: record.community_id,
                key: record.community_key.into(),
                name: record.community_name,
            },
            owner: MemberRef {
                id: record.member_id,
                key: record.owner_key.into(),
                user_id: record.owner_user_id.into(),
                name: record.owner_name,
                role: word::<MemberRole>(&record.owner_role)?,
                status: word::<MemberStatus>(&record.owner_status)?,
            },
            content: AssetContent {
                key: record.key.into(),
                asset_type: word::<AssetType>(&record.asset_type)?,
                name: record.name,
                sensor_id: record.sensor_id.as_deref().and_then(SensorId::new),
                properties: Document::from_stored(record.properties),
                device: Document::from_stored(record.device),
                relationships: Document::from_stored(record.relationships),
                extra: Document::from_stored(record.extra),
            },
            version: record.version,
            created_at: Timestamp::from_micros(record.created_at),
            updated_at: Timestamp::from_micros(record.updated_at),
        })
    }
}
