"""Read everything a running registry serves through the public Python client.

The client is the REC registry module of `celine-sdk`, whose operations and models are
generated from an earlier OpenAPI document. The script imports one small community,
then calls every generated read, lookup, import and export operation and every
hand-written wrapper around them, and fails when an answer does not parse into the
model that the client expects, misses a field, or holds a wrong value. An operation that
the installed version has and this script does not know is a failure too.

    python -m pip install -r requirements-2.2.0.txt
    python read_everything.py --base-url http://127.0.0.1:8004 \\
        --admin-token "$ADMIN_TOKEN" --user-token "$ALICE_TOKEN" --user alice

The user token's `preferred_username` must be `--user`. Lookups reach the whole registry,
so that user must be no active member of any other community: start from an empty one.
The community `read-everything` is created, or replaced, and left behind.
"""

import argparse
import asyncio
import importlib
import inspect
import json
import logging
import pkgutil
import sys
import types
import typing
from collections.abc import Callable
from http import HTTPStatus
from string import Template
from typing import Any

import attrs
import yaml
from celine.sdk.openapi.rec_registry import api, models
from celine.sdk.openapi.rec_registry.client import AuthenticatedClient
from celine.sdk.openapi.rec_registry.types import Unset
from celine.sdk.rec_registry import RecRegistryAdminClient, RecRegistryUserClient

COMMUNITY = "read-everything"
DID = "did:web:example.org:read-everything"
ROOF, MAIN_METER = "pv-1", "meter-1"
SENSOR, POINT = "read-everything-sensor-1", "IT001E00000001"

# The second member's identifiers need escaping wherever they appear in a path.
FAR_MEMBER, FAR_USER = "member/2 è", "b+b/far away@example.org"
FAR_METER, FAR_SENSOR, FAR_POINT = "meter/2 %41", "urn:read-everything/2?ü#", "IT:001/E 2"

BUNDLE = Template("""\
version: "1.0"
schema_version: "0.6"
metadata: {created: "2026-01-31", description: For the tests}
community:
  id: read-everything
  name: Read Everything REC
  description: Two members and a roof
  legal: {name: Read Everything REC, legal_form: association}
  links: {website: "https://example.org"}
  contact: {email: info@example.org}
  settings: {timezone: Europe/Rome, currency: EUR, energy_unit: kWh, power_unit: kW}
  operators:
    dso: {name: A DSO, country: IT}
  topology:
    - {id: AC001E00001, type: primary_substation, name: North substation, operator_id: dso}
    - id: SC001E00002
      type: secondary_substation
      parent: AC001E00001
      area: {type: Point, coordinates: [11.1, 46.1]}
  areas:
    north:
      name: North
      topology: [AC001E00001]
      boundary: {source: gse_cabine_primarie, id: AC001E00001}
      location: {lat: 46.1, lon: 11.1}
      geometry: {type: Point, coordinates: [11.1, 46.1]}
    south: {name: South}
members:
  member-1:
    user_id: $user
    did: "did:web:example.org:read-everything"
    name: Alice Rossi
    type: schema:Person
    role: prosumer
    area: north
    status: active
    delivery_points:
      - {id: IT001E00000001, type: pod, description: Home, address: Via Roma 1, tariff: D2}
    assets:
      pv:
        pv-1:
          name: Roof
          rated_power: 5.5
          device: {type: saref:Generator, manufacturer: Acme}
          relationships: {measures: [meter-1]}
      meter:
        meter-1:
          name: Main meter
          sensor_id: read-everything-sensor-1
          meter_type: bidirectional
          pod: IT001E00000001
          device: {type: saref:Meter, model: M1}
  member/2 è:
    user_id: b+b/far away@example.org
    name: Bob Far
    role: consumer
    area: south
    status: active
    delivery_points:
      - {id: "IT:001/E 2", type: pod, active: false}
    assets:
      meter:
        meter/2 %41:
          name: Far meter
          sensor_id: "urn:read-everything/2?ü#"
          meter_type: consumption
""")

HELD = {"community": 1, "member": 2, "delivery_point": 2, "asset": 3}

# Runtime writes, under their generated and their wrapper's name: `write_everything.py` calls them.
WRITES = {
    "change_member_status",
    "create_member",
    "delete_area",
    "delete_asset",
    "delete_delivery_point",
    "delete_member",
    "delete_topology_node",
    "patch_community",
    "patch_member",
    "patch_member_profile",
    "put_area",
    "put_asset",
    "put_delivery_point",
    "put_member_area",
    "put_member_name",
    "put_member_role",
    "put_topology_node",
    "remove_delivery_point",
    "rename_area",
    "upsert_area",
    "upsert_asset",
    "upsert_delivery_point",
    "upsert_topology_node",
}

# What the generated operations answer when they do not answer what was asked for.
REFUSALS = {"ErrorResponse", "HTTPValidationError"}

# The wrapper parses a by-user answer as a by-sensor one and so refuses every correct answer.
BROKEN_WRAPPERS = {"lookup_community_by_user_id"}


def same(actual: Any, expected: Any) -> None:
    if actual != expected:
        raise AssertionError(f"expected {expected!r}, got {actual!r}")


def complete(value: Any, where: str = "answer") -> None:
    """Every documented field is there, and everything nested became a model.

    The generated parsers forgive: a missing field is `UNSET`, and a nullable object that
    does not parse stays a plain dict.
    """
    if isinstance(value, list):
        for index, item in enumerate(value):
            complete(item, f"{where}[{index}]")
    elif attrs.has(type(value)):
        for name in (field.name for field in attrs.fields(type(value))):
            held = getattr(value, name)
            if name == "additional_properties":
                for key, item in held.items():
                    if attrs.has(type(item)):
                        complete(item, f"{where}.{key}")
            elif isinstance(held, Unset):
                raise AssertionError(f"{where}.{name} is missing")
            elif isinstance(held, dict):
                raise AssertionError(f"{where}.{name} did not parse: {held!r}")
            else:
                complete(held, f"{where}.{name}")


class Operation:
    """One generated operation, called through its `sync_detailed`."""

    def __init__(self, module: types.ModuleType, client: AuthenticatedClient) -> None:
        self.module = module
        self.client = client
        answer = typing.get_type_hints(module.sync_detailed)["return"]
        (body,) = typing.get_args(answer)
        bodies = typing.get_args(body) if isinstance(body, types.UnionType) else (body,)
        (self.expected,) = (b for b in bodies if b.__name__ not in REFUSALS)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.check(self.module.sync_detailed(*args, client=self.client, **kwargs))

    def send(self, content: bytes, content_type: str, **kwargs: Any) -> Any:
        """Send a body that the generated operation leaves out, and parse the answer as it would."""
        request = self.module._get_kwargs(**kwargs)
        response = self.client.get_httpx_client().request(
            **request, content=content, headers={"Content-Type": content_type}
        )
        return self.check(self.module._build_response(client=self.client, response=response))

    def check(self, response: Any) -> Any:
        if response.status_code != HTTPStatus.OK:
            raise AssertionError(f"status {response.status_code}: {response.content[:500]!r}")
        if self.expected is Any:  # no model: the client hands out nothing but the bytes
            return json.loads(response.content)
        rows, row_type = [response.parsed], self.expected
        if typing.get_origin(self.expected) is list:
            if not isinstance(response.parsed, list):
                raise AssertionError(f"expected a list, got {response.parsed!r}")
            rows, (row_type,) = response.parsed, typing.get_args(self.expected)
        for row in rows:
            if not isinstance(row, row_type):
                raise AssertionError(f"expected {row_type.__name__}, got {row!r}")
            complete(row)
        return response.parsed


def every_page(operation: Operation, *args: Any, **filters: Any) -> list[Any]:
    """All items, read one to a page, which must be what a single page holds."""
    whole = operation(*args, **filters)
    same(whole.next_cursor, None)
    items, cursor = [], None
    while True:
        page = operation(*args, **filters, limit=1, cursor=cursor)
        items += page.items
        cursor = page.next_cursor
        if cursor is None or len(items) > len(whole.items):
            break
    same([item.to_dict() for item in items], [item.to_dict() for item in whole.items])
    return items


def keys(items: list[Any]) -> list[str]:
    return [item.key for item in items]


def communities_of(exported: str) -> list[str]:
    return [document["community"]["id"] for document in yaml.safe_load_all(exported)]


class Checks:
    """One method for each generated operation, named as the operation is."""

    def __init__(self, user: str) -> None:
        self.user = user
        self.bundle = BUNDLE.substitute(user=json.dumps(user))

    # Meta

    def health(self, call: Operation) -> None:
        same(call(), {"status": "ok"})

    def version(self, call: Operation) -> None:
        same({"api_version", "schema_version"} <= call().keys(), True)

    # Import and export

    def admin_import_yaml(self, call: Operation) -> None:
        body = self.bundle.encode()
        for dry_run in (True, False):
            result = call.send(body, "application/yaml", dry_run=dry_run, force=True)
            same(result.dry_run, dry_run)
            (report,) = result.reports
            same(report.to_dict()["refusals"], [])
            same(report.community_key, COMMUNITY)
            same(report.inserted.to_dict(), HELD)
            same(report.warnings, [])

        # The same people and devices in a second community: refused, which a dry run reports.
        second = body.replace(b"id: read-everything", b"id: read-everything-too", 1)
        result = call.send(body + b"---\n" + second, "text/yaml", dry_run=True, force=True)
        reports = [report.to_dict() for report in result.reports]
        same([report["community_key"] for report in reports], [COMMUNITY, f"{COMMUNITY}-too"])
        codes = {refusal["code"] for report in reports for refusal in report["refusals"]}
        same({"did_taken", "sensor_held", "delivery_point_held"} <= codes, True)

    def admin_import(self, call: Operation) -> None:
        bundle = models.RegistryBundleIn.from_dict(yaml.safe_load(self.bundle))
        for dry_run in (True, False):
            report = call(body=models.ImportRequest(bundle=bundle, dry_run=dry_run, force=True))
            same(report.community_key, COMMUNITY)
            same(report.inserted.to_dict(), HELD)
            same(report.deleted.to_dict(), HELD)

    def admin_export(self, call: Operation) -> None:
        text = call(community=[COMMUNITY])
        (bundle,) = yaml.safe_load_all(text)
        same(bundle["community"]["id"], COMMUNITY)
        same(sorted(bundle["members"]), sorted(["member-1", FAR_MEMBER]))
        same(call(community=[COMMUNITY]), text)
        same(COMMUNITY in communities_of(call()), True)

    # Browsing

    def list_communities(self, call: Operation) -> None:
        same(COMMUNITY in keys(every_page(call)), True)
        (community,) = every_page(call, key=COMMUNITY)
        same(community.name, "Read Everything REC")
        same(sorted(community.areas.additional_keys), ["north", "south"])

    def get_community(self, call: Operation) -> None:
        community = call(COMMUNITY)
        same(community.key, COMMUNITY)
        same(community.settings["currency"], "EUR")
        same(community.extra["operators"]["dso"]["name"], "A DSO")
        self.areas_and_topology(community)

    def areas_and_topology(self, community: Any) -> None:
        north, south = community.areas["north"], community.areas["south"]
        same((north.name, north.location.lat, north.geometry["type"]), ("North", 46.1, "Point"))
        same((south.name, south.location, south.geometry), ("South", None, None))
        boundary = north["boundary"] if "boundary" in north else north.boundary.to_dict()
        same(boundary, {"source": "gse_cabine_primarie", "id": "AC001E00001"})
        same(south["boundary"] if "boundary" in south else south.boundary, None)
        same([node.id for node in community.topology], ["AC001E00001", "SC001E00002"])

    def get_community_topology(self, call: Operation) -> None:
        primary, secondary = call(COMMUNITY).topology
        same((primary.type_, primary.parent), ("primary_substation", None))
        same(primary.area.to_dict(), {})
        same((secondary.parent, secondary.area["type"]), ("AC001E00001", "Point"))
        for name in ("operator", "operator_id"):  # each version knows one of the two
            same(primary.to_dict()[name], "dso")
            same(secondary.to_dict()[name], None)

    def list_members(self, call: Operation) -> None:
        same(keys(every_page(call, COMMUNITY)), ["member-1", FAR_MEMBER])
        (far,) = every_page(call, COMMUNITY, role="consumer", status="active", area="south")
        same((far.key, far.user_id, far.delivery_points_count), (FAR_MEMBER, FAR_USER, 1))
        same(every_page(call, COMMUNITY, status="inactive"), [])

    def get_member(self, call: Operation) -> None:
        member = call(COMMUNITY, "member-1")
        same((member.key, member.user_id, member.area), ("member-1", self.user, "north"))
        same([point.id for point in member.delivery_points], [POINT])
        same((member.extra["type"], member.to_dict()["did"]), ("schema:Person", DID))
        far = call(COMMUNITY, FAR_MEMBER)
        same((far.key, far.to_dict()["did"]), (FAR_MEMBER, None))

    def get_member_by_user_id(self, call: Operation) -> None:
        same(call(COMMUNITY, self.user).key, "member-1")
        same(call(COMMUNITY, FAR_USER).key, FAR_MEMBER)

    def get_member_delivery_points(self, call: Operation) -> None:
        (point,) = call(COMMUNITY, "member-1").delivery_points
        same((point.id, point.type_, point.tariff, point.active), (POINT, "pod", "D2", True))
        (far,) = call(COMMUNITY, FAR_MEMBER).delivery_points
        same((far.id, far.address, far.active), (FAR_POINT, None, False))

    def list_delivery_points(self, call: Operation) -> None:
        same(keys(every_page(call, COMMUNITY)), [POINT, FAR_POINT])
        (far,) = every_page(call, COMMUNITY, type_="pod", active=False)
        same((far.id, far.member_key, far.member_name), (FAR_POINT, FAR_MEMBER, "Bob Far"))

    def list_duplicate_delivery_points(self, call: Operation) -> None:
        duplicates = call(COMMUNITY)
        same((duplicates.community_key, duplicates.items), (COMMUNITY, []))

    def get_delivery_point_by_id(self, call: Operation) -> None:
        found = call(COMMUNITY, POINT)
        same((found.delivery_point.id, found.member.user_id), (POINT, self.user))
        same(call(COMMUNITY, FAR_POINT).member.key, FAR_MEMBER)

    def list_assets(self, call: Operation) -> None:
        same(keys(every_page(call, COMMUNITY)), [MAIN_METER, FAR_METER, ROOF])
        (roof,) = every_page(call, COMMUNITY, asset_type="pv", owner="member-1")
        same((roof.key, roof.sensor_id, roof.device_type), (ROOF, None, "saref:Generator"))
        same(keys(every_page(call, COMMUNITY, owner=FAR_MEMBER)), [FAR_METER])

    def get_asset(self, call: Operation) -> None:
        roof = call(COMMUNITY, ROOF)
        same((roof.key, roof.owner_key, roof.sensor_id), (ROOF, "member-1", None))
        same((roof.properties["rated_power"], roof.relationships["measures"]), (5.5, [MAIN_METER]))
        same(call(COMMUNITY, FAR_METER).sensor_id, FAR_SENSOR)

    def get_asset_by_sensor_id(self, call: Operation) -> None:
        same(call(COMMUNITY, SENSOR).key, MAIN_METER)
        same(call(COMMUNITY, FAR_SENSOR).key, FAR_METER)

    def list_meters(self, call: Operation) -> None:
        main, far = every_page(call, COMMUNITY)
        same((main.key, main.sensor_id), (MAIN_METER, SENSOR))
        same((main.meter_type, main.pod), ("bidirectional", POINT))
        same((far.key, far.pod, far.owner_user_id), (FAR_METER, None, FAR_USER))
        same(keys(every_page(call, COMMUNITY, owner="member-1")), [MAIN_METER])

    # Lookup across communities

    def lookup_community_by_user_id(self, call: Operation) -> None:
        found = call(self.user)
        same((found.community.key, found.member.key), (COMMUNITY, "member-1"))
        same(call(FAR_USER).member.status, "active")

    def lookup_community_by_sensor_id(self, call: Operation) -> None:
        found = call(SENSOR)
        same((found.community.key, found.member.user_id), (COMMUNITY, self.user))
        same((found.asset.key, found.asset.asset_type), (MAIN_METER, "meter"))
        same(call(FAR_SENSOR).asset.sensor_id, FAR_SENSOR)

    def lookup_community_by_delivery_point(self, call: Operation) -> None:
        found = call(POINT)
        same((found.community.key, found.member.key), (COMMUNITY, "member-1"))
        same(found.delivery_point.id, POINT)
        same(call(FAR_POINT.lower()).delivery_point.id, FAR_POINT)

    def lookup_member_by_user_id(self, call: Operation) -> None:
        found = call(self.user)
        same((found.key, found.community_key, found.to_dict()["did"]), ("member-1", COMMUNITY, DID))
        same([point.id for point in call(FAR_USER).delivery_points], [FAR_POINT])

    def lookup_asset_by_sensor_id(self, call: Operation) -> None:
        found = call(SENSOR)
        same((found.key, found.community_key), (MAIN_METER, COMMUNITY))
        same(found.owner_user_id, self.user)
        same(call(FAR_SENSOR).owner_key, FAR_MEMBER)

    def lookup_assets_by_sensor_ids(self, call: Operation) -> None:
        ids = [FAR_SENSOR, "nobody's", SENSOR, FAR_SENSOR]
        same(keys(call(body=models.SensorIdsBatchRequest(sensor_ids=ids))), [FAR_METER, MAIN_METER])
        same(call(body=models.SensorIdsBatchRequest(sensor_ids=[])), [])

    def lookup_assets_by_user_ids(self, call: Operation) -> None:
        ids = [FAR_USER, "nobody", self.user]
        assets = call(body=models.UserIdsBatchRequest(user_ids=ids))
        same(keys(assets), [FAR_METER, MAIN_METER, ROOF])

    def lookup_members_by_dids(self, call: Operation) -> None:
        (found,) = call(body=models.DidsBatchRequest(dids=["did:web:nobody", DID]))
        same((found.did, found.user_id), (DID, self.user))

    # Self-service

    def get_me(self, call: Operation) -> None:
        me = call()
        same(me.profile.preferred_username, self.user)
        same((me.membership.community.key, me.membership.member.key), (COMMUNITY, "member-1"))
        same(me.membership.assets_count.to_dict(), {"meter": 1, "pv": 1})
        same(me.membership.delivery_points_count, 1)

    def get_my_member(self, call: Operation) -> None:
        member = call()
        same((member.key, member.role, member.to_dict()["did"]), ("member-1", "prosumer", DID))
        same([point.id for point in member.delivery_points], [POINT])

    def get_my_community(self, call: Operation) -> None:
        community = call()
        same(community.key, COMMUNITY)
        same((community.your_area, community.your_role), ("north", "prosumer"))
        self.areas_and_topology(community)

    def get_my_assets(self, call: Operation) -> None:
        assets = call()
        same((keys(assets.items), assets.total), ([MAIN_METER, ROOF], 2))
        same(keys(call(asset_type="pv").items), [ROOF])

    def get_my_asset(self, call: Operation) -> None:
        roof = call(ROOF)
        same((roof.key, roof.properties["rated_power"]), (ROOF, 5.5))
        same(roof.device["type"], "saref:Generator")

    def get_my_delivery_points(self, call: Operation) -> None:
        points = call()
        same(([point.id for point in points.items], points.total), ([POINT], 1))


class WrapperCall(typing.NamedTuple):
    """A hand-written wrapper's arguments, and a value that its answer must hold."""

    args: tuple[Any, ...]
    value: Callable[[Any], Any]
    expected: Any
    kwargs: dict[str, Any] = {}


def wrapper_calls(user: str) -> dict[str, WrapperCall]:
    def key(found: Any) -> str:
        return found.key

    def item_keys(page: Any) -> list[str]:
        return keys(page.items)

    def community_key(found: Any) -> str:
        return found.community.key

    here, call = (COMMUNITY,), WrapperCall
    bundle = BUNDLE.substitute(user=json.dumps(user))
    both_sensors, both_users = ([FAR_SENSOR, SENSOR],), ([FAR_USER, user],)
    return {
        "export_communities": call(([COMMUNITY],), communities_of, [COMMUNITY]),
        "export_community": call(here, communities_of, [COMMUNITY]),
        "get_asset": call((COMMUNITY, FAR_METER), key, FAR_METER),
        "get_asset_by_sensor_id": call((COMMUNITY, FAR_SENSOR), key, FAR_METER),
        "get_community": call(here, key, COMMUNITY),
        "get_community_topology": call(here, lambda found: len(found.topology), 2),
        "get_delivery_point_by_id": call(
            (COMMUNITY, FAR_POINT), lambda found: found.member.key, FAR_MEMBER
        ),
        "get_me": call((), lambda me: me.membership.member.key, "member-1"),
        "get_member": call((COMMUNITY, FAR_MEMBER), key, FAR_MEMBER),
        "get_member_by_user_id": call((COMMUNITY, FAR_USER), key, FAR_MEMBER),
        "get_member_delivery_points": call(
            (COMMUNITY, FAR_MEMBER), lambda found: found.delivery_points[0].id, FAR_POINT
        ),
        "get_my_asset": call((ROOF,), key, ROOF),
        "get_my_assets": call((), item_keys, [MAIN_METER, ROOF]),
        "get_my_community": call((), lambda community: community.your_role, "prosumer"),
        "get_my_delivery_points": call((), lambda points: points.total, 1),
        "get_my_member": call((), key, "member-1"),
        "import_yaml": call(
            (bundle,), lambda result: result.reports[0].inserted.to_dict(), HELD, {"force": True}
        ),
        "list_assets": call(here, item_keys, [ROOF], {"asset_type": "pv"}),
        "list_communities": call((), item_keys, [COMMUNITY], {"key": COMMUNITY}),
        "list_delivery_points": call(here, item_keys, [POINT], {"active": True}),
        "list_duplicate_delivery_points": call(here, lambda found: found.items, []),
        "list_members": call(here, item_keys, [FAR_MEMBER], {"area": "south"}),
        "list_meters": call(here, item_keys, [MAIN_METER, FAR_METER]),
        "lookup_asset_by_sensor_id": call((FAR_SENSOR,), key, FAR_METER),
        "lookup_asset_by_sensor_ids": call(both_sensors, keys, [FAR_METER, MAIN_METER]),
        "lookup_assets_by_sensor_ids": call(both_sensors, keys, [FAR_METER, MAIN_METER]),
        "lookup_assets_by_user_ids": call(both_users, keys, [FAR_METER, MAIN_METER, ROOF]),
        "lookup_community_by_delivery_point": call((FAR_POINT,), community_key, COMMUNITY),
        "lookup_community_by_sensor_id": call((FAR_SENSOR,), community_key, COMMUNITY),
        "lookup_member_by_user_id": call((FAR_USER,), key, FAR_MEMBER),
        "lookup_members_by_dids": call(([DID],), lambda members: members[0].did, DID),
        "read_community": call(
            here, lambda community: community.areas["north"].boundary.id, "AC001E00001"
        ),
    }


def generated_operations() -> list[tuple[str, str, types.ModuleType]]:
    """Tag, short name and module of every generated operation, the YAML import first.

    A module is named `<operation>_<path>_<method>`, and the path starts as its tag says;
    a few are named `<operation>` alone.
    """
    path_starts = {"admin": "_admin_", "me": "_user_", "meta": "_"}
    found = []
    for tag in pkgutil.iter_modules(api.__path__):
        package = importlib.import_module(f"{api.__name__}.{tag.name}")
        for module in pkgutil.iter_modules(package.__path__):
            short = module.name.split(path_starts.get(tag.name, "/"))[0]
            operation = importlib.import_module(f"{package.__name__}.{module.name}")
            found.append((tag.name, short, operation))
    return sorted(found, key=lambda entry: (entry[1] != "admin_import_yaml", entry[:2]))


class Run:
    """Counts what was tried and what failed, and says so line by line."""

    def __init__(self) -> None:
        self.operations = 0
        self.failures = 0

    def attempt(self, label: str, action: Callable[[], Any]) -> None:
        self.operations += 1
        try:
            action()
        except Exception as error:
            self.failures += 1
            print(f"FAILED {label}: {type(error).__name__}: {error}")
        else:
            print(f"ok {label}")

    def generated(self, base_url: str, admin_token: str, user_token: str, user: str) -> None:
        checks = Checks(user)
        settings = {"base_url": base_url, "timeout": 30.0, "raise_on_unexpected_status": True}
        admin = AuthenticatedClient(token=admin_token, **settings)
        member = AuthenticatedClient(token=user_token, **settings)
        for tag, name, module in generated_operations():
            if name in WRITES:
                continue
            check = getattr(checks, name, None)
            client = member if tag == "me" else admin
            self.attempt(f"{tag}.{name}", lambda: covered(check)(Operation(module, client)))

    def wrappers(self, base_url: str, admin_token: str, user_token: str, user: str) -> None:
        calls = wrapper_calls(user)
        admin = RecRegistryAdminClient(base_url, default_token=admin_token)
        member = RecRegistryUserClient(base_url, default_token=user_token)
        for client in (admin, member):
            for name, method in inspect.getmembers(client, inspect.iscoroutinefunction):
                if name.startswith("_") or name in WRITES | BROKEN_WRAPPERS:
                    continue
                if name == "import_yaml" and "force" not in inspect.signature(method).parameters:
                    continue  # 1.x hands its generated operation a body it refuses
                label = f"{type(client).__name__}.{name}"
                self.attempt(label, lambda: self.wrapper(method, calls.get(name)))

    @staticmethod
    def wrapper(method: Callable[..., Any], call: WrapperCall | None) -> None:
        call = covered(call)
        answer = asyncio.run(method(*call.args, **call.kwargs))
        same(call.value(getattr(answer, "parsed", answer)), call.expected)


def covered(check: Any) -> Any:
    if check is None:
        raise AssertionError("not covered by this script")
    return check


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base-url", required=True)
    parser.add_argument("--admin-token", required=True, help="bears the grant rec-registry.admin")
    parser.add_argument("--user-token", required=True, help="whose preferred_username is --user")
    parser.add_argument("--user", default="alice", help="default: %(default)s")
    options = vars(parser.parse_args())

    # Importing the client sets up logging, which would print a line for each request.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    run = Run()
    run.generated(**options)
    run.wrappers(**options)
    print(f"{run.operations} operations, {run.failures} failures")
    return 1 if run.failures else 0


if __name__ == "__main__":
    sys.exit(main())
