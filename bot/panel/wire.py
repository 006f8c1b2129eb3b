"""The boundary between the panel's JSON and our values: tolerant of everything missing, null or odd; units normalised.

Every text is cut and every list ends here: what comes after may take any value for a short one.

Field names and units: panel `app/Transformers/Api/Client/{Server,Stats,Allocation}Transformer.php`;
0.7 `app/Http/Controllers/Api/Client/Servers/ResourceUtilizationController.php`.
"""

from datetime import timedelta
from typing import Annotated, Any, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from bot.errors import BusyReason
from bot.panel.models import Allocation, Limits, ListedServer, Resources, Server
from bot.terms import PanelKind, PowerState

_MIB = 2**20
_MB = 10**6
_STATES = {state.value: state for state in PowerState}

LONGEST_NAME = 255
"""Characters. Panels keep names of servers, nodes and hosts in columns of 191 or 255."""
LONGEST_DESCRIPTION = 1_000
LONGEST_WORD = 100
"""Characters of a state or the name of a permission; the longest real one has 27."""
MOST_PERMISSIONS = 200
"""A panel knows some 60."""
MOST_ALLOCATIONS = 100
_LONGEST_MS = 100 * 365 * 86_400_000.0
"""A hundred years: a moment as long ago can be told."""


def _or_default(default: object) -> WrapValidator:
    def validate(value: object, handler: ValidatorFunctionWrapHandler) -> object:
        try:
            return default if value is None else handler(value)
        except ValidationError:
            return default

    return WrapValidator(validate)


def cut(text: str, limit: int) -> str:
    """Return the text up to `limit` characters, without what cannot be stored or sent: halves of characters, NUL."""
    return text[:limit].encode("utf-8", "replace").decode().replace("\0", "")


def _up_to(limit: int) -> AfterValidator:
    return AfterValidator(lambda text: cut(text, limit))


Amount = Annotated[float, Field(allow_inf_nan=False, ge=0, le=1e18), _or_default(0.0)]
MaybeAmount = Annotated[float | None, Field(allow_inf_nan=False, ge=0, le=1e18), _or_default(None)]
Name = Annotated[str, _up_to(LONGEST_NAME), _or_default("")]
Description = Annotated[str, _up_to(LONGEST_DESCRIPTION), _or_default("")]
Word = Annotated[str, _up_to(LONGEST_WORD), _or_default("")]
Uuid = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{0,64}$"), _or_default("")]
Flag = Annotated[bool, _or_default(False)]


def _attributes(value: object) -> list[object]:
    """Return the `attributes` of each entry of a panel list object; whatever else stands there is no entry."""
    data = _as_dict(value).get("data")
    entries = cast("list[object]", data) if isinstance(data, list) else []
    return [inner for entry in entries if isinstance(inner := _as_dict(entry).get("attributes"), dict)]


def _as_dict(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _names_eula(features: object) -> bool | None:
    """Whether an egg's features hold the EULA, which only Minecraft's have; None for what is no list of features."""
    if features is None:
        return False
    return "eula" in cast("list[object]", features) if isinstance(features, list) else None


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True)


class _Allocation(_Wire):
    ip: Annotated[str, _up_to(LONGEST_NAME)]
    port: Annotated[int, Field(ge=0, le=65535)]
    ip_alias: Name = ""
    is_default: Flag = False


class _Limits(_Wire):
    memory: Amount = 0.0
    disk: Amount = 0.0
    cpu: Amount = 0.0


class _Sftp(_Wire):
    ip: Name = ""  # the node's FQDN, whatever it is called


class _Relationships(_Wire):
    allocations: Annotated[list[Any], BeforeValidator(_attributes), _or_default([])] = []


class _Listed(_Wire):
    identifier: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
    uuid: Uuid = ""
    name: Name = ""
    egg_features: Annotated[bool | None, BeforeValidator(_names_eula)] = None


class _Server(_Listed):
    description: Description = ""
    node: Name = ""
    status: Word = ""
    is_suspended: Flag = False
    is_installing: Flag = False
    is_transferring: Flag = False
    is_node_under_maintenance: Flag = False
    limits: Annotated[_Limits, _or_default(_Limits())] = _Limits()
    sftp_details: Annotated[_Sftp, _or_default(_Sftp())] = _Sftp()
    relationships: Annotated[_Relationships, _or_default(_Relationships())] = _Relationships()


class _Resources(_Wire):
    """Both shapes at once: 1.x has `resources`, 0.7 has `memory`, `cpu` and `disk`."""

    current_state: Word = ""
    state: Word = ""
    resources: Annotated[dict[str, Any], _or_default({})] = {}
    memory: Annotated[dict[str, Any], _or_default({})] = {}
    cpu: Annotated[dict[str, Any], _or_default({})] = {}
    disk: Annotated[dict[str, Any], _or_default({})] = {}


class _Usage(_Wire):
    memory_bytes: Amount = 0.0
    cpu_absolute: Amount = 0.0
    disk_bytes: MaybeAmount = None
    network_rx_bytes: MaybeAmount = None
    network_tx_bytes: MaybeAmount = None
    uptime: Annotated[float | None, Field(allow_inf_nan=False, ge=0, le=_LONGEST_MS), _or_default(None)] = None


class _Gauge(_Wire):
    current: Amount = 0.0


def parse_listed(entry: object) -> ListedServer:
    """Turn an entry of a server list into what is needed to link it; ValueError if it has no identifier."""
    return _listed(_Listed.model_validate(_as_dict(entry).get("attributes")))


def _listed(raw: _Listed) -> ListedServer:
    return ListedServer(
        identifier=raw.identifier,
        uuid=raw.uuid or raw.identifier,
        name=raw.name.strip() or raw.identifier,
        is_minecraft=raw.egg_features,
    )


def parse_server(entry: object, *, kind: PanelKind) -> Server:
    """Turn one `{"object": "server", "attributes": …, "meta": …}` into a Server; ValueError if it has no identifier."""
    raw = _Server.model_validate(_as_dict(entry).get("attributes"))
    megabyte = _MB if kind is PanelKind.PTERODACTYL_0_7 else _MIB
    listed = _listed(raw)
    return Server(
        identifier=listed.identifier,
        uuid=listed.uuid,
        name=listed.name,
        description=raw.description,
        node=raw.node or None,
        node_host=raw.sftp_details.ip or None,
        limits=Limits(
            memory_bytes=round(raw.limits.memory * _MIB) or None,
            disk_bytes=round(raw.limits.disk * megabyte) or None,
            cpu_percent=raw.limits.cpu or None,
        ),
        allocations=_allocations(raw.relationships.allocations),
        busy=_busy(raw, kind),
        is_minecraft=listed.is_minecraft,
        permissions=_permissions(_as_dict(_as_dict(entry).get("meta")).get("user_permissions")),
    )


def parse_resources(entry: object, *, kind: PanelKind) -> Resources:
    """Turn a `stats` object of either dialect into Resources; ValueError if it has no attributes."""
    raw = _Resources.model_validate(_as_dict(entry).get("attributes"))
    if kind is PanelKind.PTERODACTYL_0_7:
        state = {"on": PowerState.RUNNING, "off": PowerState.OFFLINE}.get(raw.state) or _state(raw.state)
        disk = round(_Gauge.model_validate(raw.disk).current * _MB)
        return Resources(
            state=state,
            memory_bytes=round(_Gauge.model_validate(raw.memory).current * _MIB),
            cpu_percent=_Gauge.model_validate(raw.cpu).current,
            disk_bytes=None if state is PowerState.OFFLINE else disk,  # the daemon reports 0 where it did not measure
        )
    usage = _Usage.model_validate(raw.resources)
    state = _state(raw.current_state)
    unknown = state is PowerState.UNKNOWN  # Pelican's `missing`: all the zeros are made up
    return Resources(
        state=state,
        memory_bytes=round(usage.memory_bytes),
        cpu_percent=usage.cpu_absolute,
        disk_bytes=None if unknown else _whole(usage.disk_bytes),
        network_rx_bytes=None if unknown else _whole(usage.network_rx_bytes),
        network_tx_bytes=None if unknown else _whole(usage.network_tx_bytes),
        uptime=None if unknown or usage.uptime is None else timedelta(milliseconds=usage.uptime),
    )


def is_missing(entry: object) -> bool:
    """Whether a `stats` object says that Pelican's node did not answer the panel, with zeros that are made up."""
    return _Resources.model_validate(_as_dict(entry).get("attributes")).current_state == "missing"


def _state(text: str) -> PowerState:
    if text == "stopped":  # the panel's own fallback when Wings leaves the state out
        return PowerState.OFFLINE
    return _STATES.get(text, PowerState.UNKNOWN)


def _allocations(entries: list[Any]) -> tuple[Allocation, ...]:
    """Return the first allocations in the panel's order, and the default one wherever it stands."""
    default = next((entry for entry in entries[MOST_ALLOCATIONS:] if entry.get("is_default") is True), None)
    kept = entries[:MOST_ALLOCATIONS] if default is None else [*entries[: MOST_ALLOCATIONS - 1], default]
    found: list[Allocation] = []
    for entry in kept:
        try:
            raw = _Allocation.model_validate(entry)
        except ValidationError:
            continue
        found.append(Allocation(ip=raw.ip, port=raw.port, alias=raw.ip_alias or None, is_default=raw.is_default))
    return tuple(found)


def _busy(raw: _Server, kind: PanelKind) -> BusyReason | None:
    """Read the state in the order in which the panel itself judges: `app/Models/Server.php` validateCurrentState."""
    reinstall_failed = kind is PanelKind.PELICAN and raw.status == "reinstall_failed"  # no conflict in Pterodactyl
    checks = (
        (raw.status == "suspended" or raw.is_suspended, BusyReason.SUSPENDED),
        (raw.is_node_under_maintenance, BusyReason.MAINTENANCE),
        (raw.status == "install_failed", BusyReason.INSTALL_FAILED),
        (reinstall_failed, BusyReason.REINSTALL_FAILED),
        (raw.status == "installing" or raw.is_installing, BusyReason.INSTALLING),
        (raw.status == "restoring_backup", BusyReason.RESTORING),
        (raw.is_transferring, BusyReason.TRANSFERRING),
    )
    return next((reason for holds, reason in checks if holds), None)


def _permissions(value: object) -> frozenset[str] | None:
    if not isinstance(value, list):
        return None
    names = (item for item in cast("list[object]", value)[:MOST_PERMISSIONS] if isinstance(item, str))
    return frozenset(cut(name, LONGEST_WORD) for name in names)


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)
