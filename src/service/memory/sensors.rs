//! What stands on a sensor, as the text that a batch of lookups is answered with.

use std::collections::HashMap;
use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::OVERHEAD_BYTES;
use crate::domain::asset::Asset;
use crate::domain::identifier::{CommunityKey, UserId};
use crate::service::audit::Personal;
use crate::store::{Moment, Store};

/// The assets on one sensor, each as a text. They are one active member's: nobody else holds the sensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnSensor {
    community: CommunityKey,
    user_id: UserId,
    assets: Vec<Box<str>>,
}

impl OnSensor {
    /// The assets on each of some sensors, as texts; of each sensor that has any.
    pub fn each(assets: Vec<Asset>, text: impl Fn(Asset) -> String) -> HashMap<Box<str>, Arc<Self>> {
        let mut found: HashMap<Box<str>, Self> = HashMap::new();
        for asset in assets {
            let Some(sensor) = asset.content.sensor_id.as_ref() else { continue };
            let on_sensor = found.entry(sensor.as_str().into()).or_insert_with(|| Self {
                community: asset.community.key.clone(),
                user_id: asset.owner.user_id.clone(),
                assets: Vec::new(),
            });
            on_sensor.assets.push(text(asset).into_boxed_str());
        }
        found.into_iter().map(|(sensor, on_sensor)| (sensor, Arc::new(on_sensor))).collect()
    }

    /// The community whose they are.
    pub fn community(&self) -> &CommunityKey {
        &self.community
    }

    /// Each asset.
    pub fn assets(&self) -> impl Iterator<Item = &str> {
        self.assets.iter().map(AsRef::as_ref)
    }
}

impl Personal for OnSensor {
    fn each_row(&self, see: &mut dyn FnMut(&CommunityKey, Option<&UserId>)) {
        self.assets.iter().for_each(|_| see(&self.community, Some(&self.user_id)));
    }
}

/// What was read, and when.
struct Kept {
    since: Moment,
    on_sensor: Arc<OnSensor>,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<Box<str>, Arc<Kept>> for ByBytes {
    fn weight(&self, sensor: &Box<str>, kept: &Arc<Kept>) -> u64 {
        let texts: usize = kept.on_sensor.assets().map(str::len).sum();
        (sensor.len() + texts + OVERHEAD_BYTES / 2) as u64
    }
}

/// What is remembered of sensors, as much as there is room for.
pub(super) struct Sensors(Cache<Box<str>, Arc<Kept>, ByBytes>);

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
    /// What stands on a sensor, if that is known and true still: a sensor is held by one member at a time, so
    /// that nothing but a change of that member's community makes it another's.
    pub(in crate::service) fn get(&self, sensor: &str) -> Option<Arc<OnSensor>> {
        let kept = self.sensors.0.get(sensor)?;
        let holds = self.store.holds(kept.since, Some(&kept.on_sensor.community));
        if !holds {
            self.sensors.0.remove(sensor);
        }
        holds.then(|| Arc::clone(&kept.on_sensor))
    }

    /// Whether nothing has changed since the moment.
    pub(in crate::service) fn is_current(&self) -> bool {
        self.store.now() == Some(self.since)
    }

    /// Remembers what stands on a sensor, as it was read after the moment.
    pub(in crate::service) fn keep(&self, sensor: &str, on_sensor: &Arc<OnSensor>) {
        let kept = Kept { since: self.since, on_sensor: Arc::clone(on_sensor) };
        self.sensors.0.insert(sensor.into(), Arc::new(kept));
    }
}
