//! Two communities alike, `own` and `other`, in which whatever belongs to a person says whose it is: `….own.p` is of the
//! member `p` of `own`. `p` owns one asset of each kind; `q` is somebody else, whose meter measures what `p` owns too; `z`
//! has left and names the delivery point of `p`.

use std::fmt::Write as _;

use super::TestApp;

/// The keys of the communities.
pub const COMMUNITIES: [&str; 2] = ["own", "other"];

/// The user who is the member `p` of `own`.
pub const USER: &str = "user.own.p";

/// One of them as a bundle.
pub fn bundle(community: &str) -> String {
    let c = community;
    let mut yaml = format!(
        "schema_version: '0.5'\ncommunity:\n  id: {c}\n  name: rec.{c}.name\n  board: chair.{c}.q\n  \
         operators: {{grid: {{name: grid.{c}, contact: 'mailto:grid@example.org'}}}}\n  \
         areas: {{north: {{name: area.{c}, topology: [line], location: {{lat: 45, lon: 9}}}}}}\n  topology:\n  \
         - {{id: cabin, name: cabin.{c}.name, type: primary_substation, operator_id: grid, children: [line]}}\n  \
         - {{id: line, type: secondary_substation, parent: cabin, operator_id: grid}}\nmembers:\n"
    );
    for m in ["p", "q", "z"] {
        let status = if m == "z" { "inactive" } else { "active" };
        let (point, roofs) = match m {
            "z" => ("p", String::new()),
            "q" => ("q", format!("roof-{c}-q, roof-{c}-p")),
            _ => ("p", format!("roof-{c}-p, roof-{c}-q")),
        };
        let sensor =
            |kind: &str| if m == "z" { String::new() } else { format!("sensor_id: sensor.{c}.{m}.{kind}, ") };
        let device = format!("device: {{serial_number: serial.{c}.{m}}}");
        _ = write!(
            yaml,
            "  key.{c}.{m}:\n    {{user_id: user.{c}.{m}, name: name.{c}.{m}, did: 'did:key:{c}.{m}', role: prosumer, area: north, \
             status: {status}, note: note.{c}.{m},\n     delivery_points: [{{id: point.{c}.{point}, type: pod, address: address.{c}.{m}}}],\n     \
             assets: {{\n      pv: {{roof-{c}-{m}: {{name: roof.{c}.{m}, {pv}{device}}}}},\n      \
             storage: {{cell-{c}-{m}: {{name: cell.{c}.{m}, {device}, relationships: {{paired_with: roof-{c}-{other}}}}}}},\n      \
             meter: {{meter-{c}-{m}: {{name: meter.{c}.{m}, {meter}pod: point.{c}.{point}, {device}, relationships: {{measures: [{roofs}]}}}}}},\n      \
             ev_charger: {{plug-{c}-{m}: {{name: plug.{c}.{m}, {device}}}}},\n      \
             heat_pump: {{pump-{c}-{m}: {{name: pump.{c}.{m}, {device}}}}},\n      \
             load: {{lamp-{c}-{m}: {{name: lamp.{c}.{m}, {device}}}}}}}}}\n",
            pv = sensor("pv"),
            meter = sensor("meter"),
            other = if m == "p" { "q" } else { "p" },
        );
    }
    yaml
}

/// Imports both.
pub async fn import(app: &TestApp) {
    for community in COMMUNITIES {
        app.import(bundle(community)).await;
    }
}

/// The first trace in a text of anybody but one member, `own.p` say; none when there is no such trace.
pub fn trace_of_others<'t>(text: &'t str, member: &str) -> Option<&'t str> {
    let others = COMMUNITIES
        .iter()
        .flat_map(|community| ["p", "q", "z"].map(|person| format!("{community}.{person}")));
    let folded = text.to_ascii_lowercase();
    others.filter(|other| other != member).find_map(|other| {
        let at = folded.match_indices(&other).map(|(at, _)| at).find(|at| {
            let end = folded[at + other.len()..].chars().next();
            !end.is_some_and(|next| next.is_ascii_alphanumeric())
        })?;
        Some(text.get(at.saturating_sub(60)..text.len().min(at + 40)).unwrap_or(text))
    })
}
