//! Which columns of free data are read. They are what makes a row large, and most questions are about
//! something else.

use bitflags::bitflags;

bitflags! {
    /// The columns that hold free documents; all other columns are always read.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Columns: u16 {
        /// Legal data of communities.
        const COMMUNITY_LEGAL = 1;
        /// Links of communities.
        const COMMUNITY_LINKS = 1 << 1;
        /// Contact data of communities.
        const COMMUNITY_CONTACT = 1 << 2;
        /// Settings of communities.
        const COMMUNITY_SETTINGS = 1 << 3;
        /// Distribution system operators.
        const COMMUNITY_OPERATORS = 1 << 4;
        /// Areas.
        const COMMUNITY_AREAS = 1 << 5;
        /// Grid nodes.
        const COMMUNITY_TOPOLOGY = 1 << 6;
        /// Every other key of communities.
        const COMMUNITY_EXTRA = 1 << 7;
        /// What bundles said around communities.
        const COMMUNITY_ENVELOPE = 1 << 8;
        /// Every other key of members.
        const MEMBER_EXTRA = 1 << 9;
        /// Every other key of delivery points.
        const DELIVERY_POINT_EXTRA = 1 << 10;
        /// Properties of assets.
        const ASSET_PROPERTIES = 1 << 11;
        /// Devices behind assets.
        const ASSET_DEVICE = 1 << 12;
        /// What assets measure and are paired with.
        const ASSET_RELATIONSHIPS = 1 << 13;
        /// What was given under `extra` of assets.
        const ASSET_EXTRA = 1 << 14;
    }
}
