//! What stands on a sensor, as the text that a batch of lookups is answered with.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::OVERHEAD_BYTES;
use crate::domain::asset::Asset;
use crate::domain::grant::Reach;
use crate::domain::identifier::{AssetKey, CommunityKey, SensorId, UserId};
use crate::service::audit::Personal;
use crate::store::{Moment, Store};

/// The assets on one sensor, as a text with a comma between them. They are one active member's: nobody else holds
/// the sensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnSensor {
    community: CommunityKey,
    user_id: UserId,
    assets: usize,
    text: Box<[u8]>,
    /// Where the text of the first ends.
    first: usize,
}

/// The first of the assets on a sensor.
#[derive(Debug, Clone)]
pub struct FirstOnSensor(pub(in crate::service) Arc<OnSensor>);

impl FirstOnSensor {
    /// The asset, as a text.
    pub fn text(&self) -> &[u8] {
        let OnSensor { text, first, .. } = self.0.as_ref();
        text.get(..*first).unwrap_or_default()
    }
}

impl Personal for FirstOnSensor {
    fn each_row<'s>(&'s self, see: &mut dyn FnMut(&'s CommunityKey, Option<&'s UserId>)) {
        see(&self.0.community, Some(&self.0.user_id));
    }
}

impl OnSensor {
    /// The assets, with a comma between them.
    pub fn text(&self) -> &[u8] {
        &self.text
    }
}

impl Personal for OnSensor {
    fn each_row<'s>(&'s self, see: &mut dyn FnMut(&'s CommunityKey, Option<&'s UserId>)) {
        (0..self.assets).for_each(|_| see(&self.community, Some(&self.user_id)));
    }
}

/// Writes the text of an asset behind what is there.
pub type Spell = fn(Asset, &mut Vec<u8>);

/// Gathers what stands on sensors, asset by asset, in any order.
pub(in crate::service) struct Gathering {
    spell: Spell,
    found: HashMap<SensorId, Gathered>,
    /// What the text of an asset is written into: a piece of memory that has grown for the first is large enough for the others.
    scratch: Vec<u8>,
}

struct Gathered {
    community: CommunityKey,
    user_id: UserId,
    first: (AssetKey, Box<[u8]>),
    others: Vec<(AssetKey, Box<[u8]>)>,
}

impl Gathering {
    pub(in crate::service) fn of(spell: Spell) -> Self {
        Self { spell, found: HashMap::new(), scratch: Vec::new() }
    }

    /// Adds an asset to those on its sensor.
    pub(in crate::service) fn add(&mut self, asset: Asset) {
        let Some(sensor) = asset.content.sensor_id.clone() else { return };
        let (key, community) = (asset.content.key.clone(), asset.community.key.clone());
        let user_id = asset.owner.user_id.clone();
        self.scratch.clear();
        (self.spell)(asset, &mut self.scratch);
        let text = (key, Box::from(self.scratch.as_slice()));
        match self.found.entry(sensor) {
            Entry::Occupied(entry) => entry.into_mut().others.push(text),
            Entry::Vacant(entry) => {
                entry.insert(Gathered { community, user_id, first: text, others: Vec::new() });
            }
        }
    }

    /// Takes what stands on a sensor.
    pub(in crate::service) fn take(&mut self, sensor: &str) -> Option<Arc<OnSensor>> {
        self.found.remove(sensor).map(|gathered| Arc::new(gathered.by_key()))
    }
}

impl Gathered {
    fn by_key(self) -> OnSensor {
        let Self { community, user_id, first, mut others } = self;
        if others.is_empty() {
            let (_, text) = first;
            return OnSensor { community, user_id, assets: 1, first: text.len(), text };
        }
        others.push(first);
        others.sort_unstable();
        let texts: Vec<&[u8]> = others.iter().map(|(_, text)| text.as_ref()).collect();
        let first = texts.first().map_or(0, |text| text.len());
        OnSensor { community, user_id, assets: texts.len(), text: texts.join(&b',').into(), first }
    }
}

/// What was read, and when.
#[derive(Clone)]
struct Kept {
    since: Moment,
    on_sensor: Arc<OnSensor>,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<Box<str>, Kept> for ByBytes {
    fn weight(&self, sensor: &Box<str>, kept: &Kept) -> u64 {
        (sensor.len() + kept.on_sensor.text().len() + OVERHEAD_BYTES / 2) as u64
    }
}

/// What is remembered of sensors, as much as there is room for.
pub(super) struct Sensors(Cache<Box<str>, Kept, ByBytes>);

impl Sensors {
    /// A memory of so many bytes.
    pub(super) fn of_bytes(bytes: u64) -> Self {
        let sensors = usize::try_from(bytes / 1024).unwrap_or(usize::MAX);
        Self(Cache::with_weighter(sensors, bytes, ByBytes))
    }

    /// How much is remembered, in bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.0.weight()
    }

    /// What is remembered now; none while changes may be missed.
    pub(super) fn now<'m>(&'m self, store: &'m Store) -> Option<Recollection<'m>> {
        Some(Recollection { sensors: self, store, since: store.now()? })
    }
}

/// What is remembered of sensors, from one moment on.
pub(in crate::service) struct Recollection<'m> {
    sensors: &'m Sensors,
    store: &'m Store,
    since: Moment,
}

impl Recollection<'_> {
    /// What stands on a sensor within a reach, if that is known and true still: a sensor is held by one member at a
    /// time, so that nothing but a change of that member's community makes it another's. What is out of reach is asked
    /// for like what there is not: nobody learns that there is more.
    pub(in crate::service) fn get(&self, sensor: &str, reach: &Reach) -> Option<Arc<OnSensor>> {
        let Kept { since, on_sensor } = self.sensors.0.get(sensor)?;
        let holds = self.store.holds(since, Some(&on_sensor.community));
        if !holds {
            self.sensors.0.remove(sensor);
        }
        (holds && reach.includes(&on_sensor.community)).then_some(on_sensor)
    }

    /// Whether nothing has changed since the moment.
    pub(in crate::service) fn is_current(&self) -> bool {
        self.store.now() == Some(self.since)
    }

    /// Remembers what stands on a sensor, as it was read after the moment.
    pub(in crate::service) fn keep(&self, sensor: &str, on_sensor: &Arc<OnSensor>) {
        let kept = Kept { since: self.since, on_sensor: Arc::clone(on_sensor) };
        self.sensors.0.insert(sensor.into(), kept);
    }
}
