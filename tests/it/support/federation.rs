//! Bundles as large as one likes: communities that look like those in the field, the same bytes on every run.

use std::fmt::Write as _;

/// A number of communities of equal size, each with its areas, topology and operator, each member with one delivery point and three
/// assets: a photovoltaic roof, a battery or a heat pump or a charger, and the meter that measures them.
#[derive(Debug, Clone, Copy)]
pub struct Federation {
    /// How many communities.
    pub communities: usize,
    /// How many members each community has.
    pub members: usize,
    /// Which state of the same federation: another edition has the same keys and other content.
    pub edition: u64,
}

const AREAS: usize = 4;
const FIRST_NAMES: &[&str] = &[
    "Alice",
    "Bruno",
    "Chiara",
    "Davide",
    "Elisa",
    "Franco",
    "Giulia",
    "Héloïse",
    "Irene",
    "Jürgen",
    "Łucja",
    "Marco",
];
const LAST_NAMES: &[&str] = &[
    "Rossi",
    "Bianchi",
    "Dell’Orto",
    "Esposito",
    "Ferrari",
    "Greco",
    "Köhler",
    "Lombardi",
    "Moretti",
    "Núñez",
    "Ricci",
];
const STREETS: &[&str] =
    &["Via Roma", "Via dei Mulini", "Piazza Duomo", "Strada Provinciale", "Viale della Stazione"];
const MAKERS: &[&str] = &["Sonnenberg", "Helios Industries", "Northlight", "Enertronica", "Volta & Figli"];

impl Federation {
    /// The key of a community.
    #[must_use]
    pub fn community_key(community: usize) -> String {
        format!("valley-{community:03}")
    }

    /// The user name of a member.
    #[must_use]
    pub fn user_id(community: usize, member: usize) -> String {
        format!("user.{}", number(community, member))
    }

    /// The sensor of a member's meter.
    #[must_use]
    pub fn sensor_id(community: usize, member: usize) -> String {
        format!("SEN-{}", number(community, member))
    }

    /// All of it as one YAML body, a document a community.
    #[must_use]
    pub fn to_yaml(self) -> String {
        self.part_to_yaml(0..self.communities)
    }

    /// Some of its communities as one YAML body.
    #[must_use]
    pub fn part_to_yaml(self, communities: std::ops::Range<usize>) -> String {
        let mut yaml = String::with_capacity(communities.len() * self.members * 2_000);
        for community in communities {
            self.write_community(&mut yaml, community).expect("writing to a string does not fail");
        }
        yaml
    }

    /// A number below `bound`, the same for the same arguments.
    fn pick(self, community: usize, member: usize, question: u64, bound: usize) -> usize {
        let mut state = (community as u64) << 40 | (member as u64) << 16 | self.edition << 8 | question;
        state =
            (state.wrapping_add(0x9E37_79B9_7F4A_7C15) ^ (state >> 31)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((state ^ (state >> 31)) % bound as u64) as usize
    }

    fn write_community(self, out: &mut String, community: usize) -> std::fmt::Result {
        let key = Self::community_key(community);
        writeln!(out, "---\nversion: \"1.0\"\nschema_version: \"0.7\"")?;
        writeln!(out, "metadata: {{created: \"2026-01-31\", description: Edition {}}}", self.edition)?;
        writeln!(out, "community:\n  id: {key}\n  name: Comunità Energetica della Valle {community}")?;
        writeln!(out, "  description: A generated community, as large as those of a province.")?;
        writeln!(
            out,
            "  operators: {{rete: {{name: Rete Valle SpA, country: IT, contact: \"mailto:rete@valle.example\"}}}}"
        )?;
        writeln!(
            out,
            "  legal: {{name: CER Valle {community}, legal_form: cooperative, vat: IT{community:011}}}"
        )?;
        writeln!(out, "  contact: {{email: info@{key}.example, phone: \"+39 0461 {community:06}\"}}")?;
        writeln!(
            out,
            "  settings: {{timezone: Europe/Rome, currency: EUR, energy_unit: kWh, power_unit: kW}}"
        )?;
        writeln!(out, "  areas:")?;
        for area in 0..AREAS {
            let station = station(community, area);
            writeln!(out, "    area-{area}:\n      name: Area {area}\n      topology: [{station}]")?;
            writeln!(out, "      boundary: {{source: gse_cabine_primarie, id: {station}}}")?;
        }
        writeln!(out, "  topology:")?;
        for area in 0..AREAS {
            let station = station(community, area);
            writeln!(
                out,
                "    - {{id: {station}, type: primary_substation, name: Cabina {area}, operator_id: rete}}"
            )?;
        }
        writeln!(out, "members:")?;
        for member in 0..self.members {
            self.write_member(out, community, member)?;
        }
        Ok(())
    }

    fn write_member(self, out: &mut String, community: usize, member: usize) -> std::fmt::Result {
        let pick = |question, bound| self.pick(community, member, question, bound);
        let key = format!("mb-{member:05}");
        let id = number(community, member);
        let first = FIRST_NAMES[pick(1, FIRST_NAMES.len())];
        let last = LAST_NAMES[pick(2, LAST_NAMES.len())];
        let role = ["consumer", "prosumer", "prosumer", "producer"][pick(3, 4)];
        let street = STREETS[pick(4, STREETS.len())];
        writeln!(
            out,
            "  {key}:\n    user_id: {}\n    name: {first} {last}\n    type: \"schema:Person\"",
            Self::user_id(community, member)
        )?;
        writeln!(
            out,
            "    did: \"did:web:valley.example:people:{id}\"\n    role: {role}\n    area: area-{}",
            pick(5, AREAS)
        )?;
        writeln!(
            out,
            "    status: active\n    joined: \"2025-{:02}-{:02}\"",
            1 + pick(6, 12),
            1 + pick(7, 28)
        )?;
        writeln!(out, "    delivery_points:\n      - id: IT001E{id}\n        type: pod")?;
        writeln!(out, "        address: {street} {}, 380{:02} Valle (TN)", 1 + pick(8, 200), pick(9, 100))?;
        writeln!(out, "        tariff: {}\n        active: true", ["D2", "D3", "BTA1", "BTA6"][pick(10, 4)])?;
        writeln!(
            out,
            "    assets:\n      pv:\n        pv-{key}:\n          name: Impianto fotovoltaico sul tetto"
        )?;
        writeln!(
            out,
            "          rated_power: {}.{:02}\n          panel_type: monocrystalline",
            2 + pick(11, 8),
            pick(12, 100)
        )?;
        writeln!(
            out,
            "          inverter_power: {}\n          orientation: {}\n          tilt_angle: {}",
            2 + pick(13, 8),
            pick(14, 360),
            pick(15, 60)
        )?;
        writeln!(
            out,
            "          installation_date: \"20{:02}-{:02}-{:02}\"",
            10 + pick(16, 16),
            1 + pick(17, 12),
            1 + pick(18, 28)
        )?;
        self.write_device(out, community, member, "Inverter", 19)?;
        let second = match pick(20, 3) {
            0 => {
                writeln!(out, "      storage:\n        st-{key}:\n          name: Batteria in cantina")?;
                writeln!(
                    out,
                    "          capacity: {}.5\n          max_charge_power: 5\n          max_discharge_power: 5",
                    5 + pick(21, 10)
                )?;
                writeln!(
                    out,
                    "          battery_type: lfp\n          round_trip_efficiency: 9{}.5",
                    pick(22, 7)
                )?;
                "st"
            }
            1 => {
                writeln!(out, "      heat_pump:\n        hp-{key}:\n          name: Pompa di calore")?;
                writeln!(
                    out,
                    "          thermal_power: {}\n          electrical_power: 2.1\n          cop: 3.{}",
                    6 + pick(21, 8),
                    pick(22, 10)
                )?;
                writeln!(out, "          heat_pump_type: air_to_water\n          reversible: true")?;
                "hp"
            }
            _ => {
                writeln!(out, "      ev_charger:\n        ev-{key}:\n          name: Colonnina in cortile")?;
                writeln!(
                    out,
                    "          max_power: {}\n          charger_type: ac_level2",
                    7 + pick(21, 16)
                )?;
                writeln!(
                    out,
                    "          connector_types: [type2, ccs2]\n          smart_charging: true\n          num_ports: {}",
                    1 + pick(22, 2)
                )?;
                "ev"
            }
        };
        self.write_device(out, community, member, "Controller", 23)?;
        writeln!(out, "          relationships:\n            paired_with: pv-{key}")?;
        writeln!(
            out,
            "      meter:\n        m-{key}:\n          name: Contatore di scambio\n          sensor_id: {}",
            Self::sensor_id(community, member)
        )?;
        writeln!(
            out,
            "          meter_type: bidirectional\n          pod: IT001E{id}\n          protocol: dlms"
        )?;
        self.write_device(out, community, member, "Meter", 24)?;
        writeln!(out, "          relationships:\n            measures: [pv-{key}, {second}-{key}]")
    }

    fn write_device(
        self,
        out: &mut String,
        community: usize,
        member: usize,
        kind: &str,
        question: u64,
    ) -> std::fmt::Result {
        let number = self.pick(community, member, question, 1 << 24);
        let maker = MAKERS[number % MAKERS.len()];
        writeln!(
            out,
            "          device:\n            type: \"saref:{kind}\"\n            manufacturer: {maker}"
        )?;
        writeln!(
            out,
            "            model: {kind} {}\n            serial_number: \"{community:03}{member:05}{number:08}\"",
            1000 + number % 9000
        )?;
        writeln!(
            out,
            "            mac_address: \"00:1b:{:02x}:{:02x}:{:02x}:{:02x}\"",
            number >> 16,
            number >> 8 & 255,
            number & 255,
            question
        )
    }
}

/// What tells a member from all others of the federation.
fn number(community: usize, member: usize) -> String {
    format!("{community:03}{member:05}")
}

/// The node that an area hangs on.
fn station(community: usize, area: usize) -> String {
    format!("AC{community:03}E{area:05}")
}
