//! The types of the schema, by noun. They wrap the domain's and hold no rule of their own.

mod area;
mod asset;
mod asset_kinds;
mod audit_entry;
mod community;
mod community_change;
mod delivery_point;
mod device;
mod difference;
mod documents;
mod import_report;
mod member;
mod node;
mod operator;
mod search_hit;
mod service_info;
mod stats;
mod topology_node;
mod viewer;

pub use area::Area;
pub use asset::{Asset, asset_args};
pub use asset_kinds::MeterAsset;
pub use audit_entry::AuditEntry;
pub use community::{Community, CommunityView};
pub use community_change::CommunityChange;
pub use delivery_point::{DeliveryPoint, DuplicateDeliveryPoint, delivery_point_args};
pub use difference::CommunityDifference;
pub use import_report::{ImportCounts, ImportReport, MultiImportReport};
pub use member::{Member, member_args};
pub use node::Node;
pub use operator::Operator;
pub use search_hit::SearchHit;
pub use service_info::ServiceInfo;
pub use stats::CommunityStats;
pub use topology_node::TopologyNode;
pub use viewer::Viewer;
