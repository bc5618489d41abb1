"""Change everything a running registry lets one change through the public Python client.

The counterpart of `read_everything.py` for the runtime writes: every generated operation
and every hand-written wrapper that changes something is called, in an order that makes
sense, and fails when its answer does not parse into the model that the client expects,
misses a field, or does not show the effect. A write that the installed version has and
this script does not call is a failure too.

    python -m pip install -r requirements-2.2.0.txt
    python write_everything.py --base-url http://127.0.0.1:8004 --admin-token "$ADMIN_TOKEN"

The communities `write-generated` and `write-wrappers` are created, or replaced, and left
behind.
"""

import argparse
import asyncio
import inspect
import logging
import sys
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from celine.sdk.openapi.rec_registry import models
from celine.sdk.openapi.rec_registry.client import AuthenticatedClient
from celine.sdk.rec_registry import RecRegistryAdminClient
from celine.sdk.rec_registry.errors import RecRegistryApiError
from read_everything import WRITES, Operation, complete, generated_operations, same

MEMBER, POINT, ASSET = "member/1 è", "IT:001/E 9", "meter/9 %41"

BUNDLE = """\
schema_version: "0.6"
community:
  id: {community}
  name: Write Everything REC
  topology: [{{id: PS-1, type: primary_substation}}]
  areas: {{north: {{name: North}}}}
members:
  first-00041: {{user_id: {community}.first, name: First, role: consumer, area: north, status: active}}
"""

STATUSES = {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NO_CONTENT}


class Write(Operation):
    """One generated operation that changes something."""

    def check(self, response: Any) -> Any:
        if response.status_code not in STATUSES:
            raise AssertionError(f"status {response.status_code}: {response.content[:500]!r}")
        if response.status_code == HTTPStatus.NO_CONTENT:
            return same(response.content, b"")
        if not isinstance(response.parsed, self.expected):
            raise AssertionError(f"expected {self.expected.__name__}, got {response.parsed!r}")
        complete(response.parsed)
        return response.parsed


def new_member(community: str) -> models.MemberCreate:
    return models.MemberCreate.from_dict(
        {
            "key": MEMBER,
            "user_id": f"{community}.bruno",
            "name": "Bruno",
            "role": "prosumer",
            "area": "north",
            "status": "active",
            "type": "schema:Person",
            "did": f"did:web:example.org:{community}",
            "delivery_points": [{"id": f"{community}-1", "type": "pod"}],
            "assets": {"meter": {"m": {"name": "M", "sensor_id": f"{community}-1", "meter_type": "import"}}},
            "extra": {"joined": "2026-01-01"},
        }
    )


def meter(community: str) -> dict[str, Any]:
    properties = {"name": "Ninth", "sensor_id": f"{community}-9", "pod": POINT}
    return {"key": ASSET, "asset_type": "meter", "properties": properties}


Steps = list[tuple[str, tuple[Any, ...], dict[str, Any], Callable[[Any], Any], Any]]


def generated_steps(here: str) -> Steps:
    """Operation, arguments, keyword arguments, a value of the answer, what it must be."""
    m, at = models, (here, MEMBER)
    area = {"name": "South", "topology": ["PS-1"], "boundary": {"source": "gse_cabine_primarie", "id": "PS-1"}}
    point = {"id": POINT, "type": "pod", "address": "Via Roma"}
    return [
        ("create_member", (here,), {"body": new_member(here)}, lambda a: a.key, MEMBER),
        ("patch_member", at, {"body": m.MemberPatch(name="B.")}, lambda a: a.name, "B."),
        ("patch_member_profile", at, {"body": m.MemberProfilePatch(role="producer")}, lambda a: a.role, "producer"),
        ("put_member_name", at, {"body": m.MemberNamePut(name="Bruno V.")}, lambda a: a.name, "Bruno V."),
        ("put_member_role", at, {"body": m.MemberRolePut(role="admin")}, lambda a: a.role, "admin"),
        ("put_member_area", at, {"body": m.MemberAreaPut(area="north")}, lambda a: a.area, "north"),
        (
            "change_member_status",
            at,
            {"body": m.MemberStatusChange(status="suspended", reason="unpaid")},
            lambda a: (a.status, a.extra["status_reason"]),
            ("suspended", "unpaid"),
        ),
        (
            "upsert_delivery_point",
            (*at, POINT),
            {"body": m.DeliveryPointIn.from_dict(point), "replaces": f"{here}-1"},
            lambda a: [point.id for point in a.delivery_points],
            [POINT],
        ),
        ("upsert_asset", (*at, ASSET), {"body": m.AssetUpsert.from_dict(meter(here))}, lambda a: a.sensor_id, f"{here}-9"),
        ("delete_asset", (*at, ASSET), {}, lambda a: a, None),
        ("remove_delivery_point", (*at, POINT), {}, lambda a: a.delivery_points, []),
        (
            "upsert_topology_node",
            (here, "SS/2"),
            {"body": m.TopologyNodeIn.from_dict({"id": "SS/2", "type": "secondary_substation", "parent": "PS-1"})},
            lambda a: [node.id for node in a.topology],
            ["PS-1", "SS/2"],
        ),
        ("delete_topology_node", (here, "SS/2"), {}, lambda a: len(a.topology), 1),
        ("upsert_area", (here, "south"), {"body": m.AreaUpsert.from_dict(area)}, lambda a: sorted(a.areas.additional_keys), ["north", "south"]),
        (
            "rename_area",
            (here, "north"),
            {"body": m.AreaRename(new_key="upper")},
            lambda a: (a.members_moved, sorted(a.community.areas.additional_keys)),
            (2, ["south", "upper"]),
        ),
        ("delete_area", (here, "south"), {}, lambda a: a.areas.additional_keys, ["upper"]),
        (
            "patch_community",
            (here,),
            {"body": m.CommunityPatch.from_dict({"name": "W", "extra": {"a": 1}})},
            lambda a: (a.name, a.extra["a"]),
            ("W", 1),
        ),
        ("delete_member", at, {"purge": True}, lambda a: (a.purged, a.status, a.assets_removed), (True, None, 1)),
        ("delete_member", (here, "first-00041"), {}, lambda a: (a.purged, a.status), (False, "inactive")),
    ]


def wrapper_steps(here: str) -> Steps:
    at = (here, MEMBER)
    point = {"id": POINT, "type": "pod"}
    node = {"id": "SS/2", "type": "secondary_substation"}
    area = {"name": "South", "topology": ["PS-1"]}
    m = models
    return [
        ("create_member", (here, new_member(here)), {}, lambda a: a.parsed.key, MEMBER),
        ("patch_member", (*at, m.MemberPatch(did="")), {}, lambda a: a.parsed.did, None),
        ("patch_member_profile", at, {"role": "producer"}, lambda a: a.role, "producer"),
        ("put_member_name", (*at, "Bruno V."), {}, lambda a: a.name, "Bruno V."),
        ("put_member_role", (*at, "admin"), {}, lambda a: a.role, "admin"),
        ("put_member_area", (*at, "north"), {}, lambda a: a.area, "north"),
        ("change_member_status", (*at, m.MemberStatusChange(status="active")), {}, lambda a: a.parsed.status, "active"),
        ("upsert_delivery_point", (*at, POINT, m.DeliveryPointIn.from_dict(point)), {}, lambda a: len(a.parsed.delivery_points), 2),
        ("put_delivery_point", (*at, POINT, point), {"replaces": f"{here}-1"}, lambda a: [p.id for p in a.delivery_points], [POINT]),
        ("upsert_asset", (*at, ASSET, m.AssetUpsert.from_dict(meter(here))), {}, lambda a: a.parsed.key, ASSET),
        ("put_asset", (*at, ASSET, meter(here)), {}, lambda a: a.sensor_id, f"{here}-9"),
        ("delete_asset", (*at, ASSET), {}, lambda a: a, None),
        ("delete_delivery_point", (*at, POINT), {}, lambda a: a.delivery_points, []),
        ("put_topology_node", (here, "SS/2", node), {}, lambda a: len(a.topology), 2),
        ("delete_topology_node", (here, "SS/2"), {}, lambda a: len(a.topology), 1),
        ("put_area", (here, "south", area), {}, lambda a: len(a.areas), 2),
        ("rename_area", (here, "north", "upper"), {}, lambda a: a.members_moved, 2),
        ("delete_area", (here, "south"), {}, lambda a: len(a.areas), 1),
        ("delete_member", at, {"purge": True}, lambda a: a.parsed.purged, True),
    ]


class Run:
    """Counts what was tried and what failed, and says so line by line."""

    def __init__(self) -> None:
        self.tried: set[str] = set()
        self.failures = 0

    def attempt(self, label: str, action: Callable[[], Any]) -> None:
        self.tried.add(label)
        try:
            action()
        except Exception as error:
            self.failures += 1
            print(f"FAILED {label}: {type(error).__name__}: {error}")
        else:
            print(f"ok {label}")

    def missing(self, names: set[str]) -> None:
        for name in sorted(names - self.tried):
            self.failures += 1
            print(f"FAILED {name}: not covered by this script")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base-url", required=True)
    parser.add_argument("--admin-token", required=True, help="bears the grant rec-registry.admin")
    options = parser.parse_args()
    logging.getLogger("httpx").setLevel(logging.WARNING)

    run = Run()
    admin = AuthenticatedClient(base_url=options.base_url, token=options.admin_token, timeout=30.0)
    wrappers = RecRegistryAdminClient(options.base_url, default_token=options.admin_token)
    operations = {name: Write(module, admin) for _, name, module in generated_operations() if name in WRITES}

    def prepare(community: str) -> None:
        body = BUNDLE.format(community=community)
        asyncio.run(wrappers.import_yaml(body, force=True))

    def generated(name: str, args: Any, kwargs: Any, value: Callable[[Any], Any], expected: Any) -> None:
        same(value(operations[name](*args, **kwargs)), expected)

    def wrapped(name: str, args: Any, kwargs: Any, value: Callable[[Any], Any], expected: Any) -> None:
        same(value(asyncio.run(getattr(wrappers, name)(*args, **kwargs))), expected)

    prepare("write-generated")
    for step in generated_steps("write-generated"):
        run.attempt(f"admin.{step[0]}", lambda: generated(*step))
    run.missing({f"admin.{name}" for name in operations})

    prepare("write-wrappers")
    for step in wrapper_steps("write-wrappers"):
        run.attempt(f"wrapper.{step[0]}", lambda: wrapped(*step))
    methods = dict(inspect.getmembers(wrappers, inspect.iscoroutinefunction))
    run.missing({f"wrapper.{name}" for name in methods if name in WRITES})

    def refusal() -> None:
        try:
            asyncio.run(wrappers.delete_asset("write-wrappers", MEMBER, "nothing"))
        except RecRegistryApiError as error:
            same((error.status_code, error.code), (404, "member_not_found"))
        else:
            raise AssertionError("nothing was refused")

    run.attempt("a refusal carries its code", refusal)
    print(f"{len(run.tried)} operations, {run.failures} failures")
    return 1 if run.failures else 0


if __name__ == "__main__":
    sys.exit(main())
