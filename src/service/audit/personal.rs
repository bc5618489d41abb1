//! Whose rows a result holds.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::asset::Asset;
use crate::domain::audit::AuditEntry;
use crate::domain::delivery_point::{DeliveryPoint, DuplicateDeliveryPoint};
use crate::domain::history::{PastHolder, Revision};
use crate::domain::identifier::{CommunityKey, UserId};
use crate::domain::member::Member;
use crate::domain::page::Page;
use crate::domain::search::{Found, SearchHit};

/// Something that people's data can be in.
pub trait Personal {
    /// Names the community of each row, and the person where it is about one alone.
    fn each_row<'s>(&'s self, see: &mut dyn FnMut(&'s CommunityKey, Option<&'s UserId>));

    /// Whether it says that there is no such thing.
    fn is_absent(&self) -> bool {
        false
    }
}

impl Personal for Member {
    fn each_row<'s>(&'s self, see: &mut dyn FnMut(&'s CommunityKey, Option<&'s UserId>)) {
        see(&self.community.key, Some(&self.content.user_id));
    }
}

impl Personal for Asset {
    fn each_row<'s>(&'s self, see: &mut dyn FnMut(&'s CommunityKey, Option<&'s UserId>)) {
        see(&self.community.key, Some(&self.owner.user_id));
    }
}

impl Personal for DeliveryPoint {
    fn each_row<'s>(&'s self, see: &mut dyn FnMut(&'s CommunityKey, Option<&'s UserId>)) {
        see(&self.community.key, Some(&self.member.user_id));
    }
}

impl Personal for SearchHit {
    fn each_row<'s>(&'s self, see: &mut dyn FnMut(&'s CommunityKey, Option<&'s UserId>)) {
        match &self.found {
            Found::Community(_) => {}
            Found::Member(member) => member.each_row(see),
            Found::DeliveryPoint(point) => point.each_row(see),
            Found::Asset(asset) => asset.each_row(see),
        }
    }
}

impl Personal for DuplicateDeliveryPoint {
    fn each_row<'s>(&'s self, see: &mut dyn FnMut(&'s CommunityKey, Option<&'s UserId>)) {
        self.holders.each_row(see);
    }
}

/// An entry names people by pseudonyms alone.
impl Personal for AuditEntry {
    fn each_row<'s>(&'s self, _: &mut dyn FnMut(&'s CommunityKey, Option<&'s UserId>)) {}
}

/// What a revision changed can be about anybody in its community.
impl Personal for Revision {
    fn each_row<'s>(&'s self, see: &mut dyn FnMut(&'s CommunityKey, Option<&'s UserId>)) {
        see(&self.community, None);
    }
}

impl Personal for String {
    fn each_row<'s>(&'s self, _: &mut dyn FnMut(&'s CommunityKey, Option<&'s UserId>)) {}
}

impl Personal for PastHolder {
    fn each_row<'s>(&'s self, see: &mut dyn FnMut(&'s CommunityKey, Option<&'s UserId>)) {
        see(&self.community.key, Some(&self.user_id));
    }
}

impl<T: Personal> Personal for Page<T> {
    fn each_row<'s>(&'s self, see: &mut dyn FnMut(&'s CommunityKey, Option<&'s UserId>)) {
        self.rows.iter().for_each(|row| row.value.each_row(see));
    }
}

impl<T: Personal> Personal for Vec<T> {
    fn each_row<'s>(&'s self, see: &mut dyn FnMut(&'s CommunityKey, Option<&'s UserId>)) {
        self.iter().for_each(|row| row.each_row(see));
    }
}

impl<T: Personal> Personal for Arc<T> {
    fn each_row<'s>(&'s self, see: &mut dyn FnMut(&'s CommunityKey, Option<&'s UserId>)) {
        self.as_ref().each_row(see);
    }
}

impl<T: Personal> Personal for Option<T> {
    fn each_row<'s>(&'s self, see: &mut dyn FnMut(&'s CommunityKey, Option<&'s UserId>)) {
        self.iter().for_each(|row| row.each_row(see));
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<K, T: Personal> Personal for HashMap<K, T> {
    fn each_row<'s>(&'s self, see: &mut dyn FnMut(&'s CommunityKey, Option<&'s UserId>)) {
        self.values().for_each(|row| row.each_row(see));
    }
}
