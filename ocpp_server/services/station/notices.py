"""What stations say about firmware and diagnostics, kept where the operator sees it, also when nobody had asked."""

from ocpp_server.store import Unit

FIRMWARE, DIAGNOSTICS, VERSION = "firmware", "diagnostics", "version"
#: So many of each kind are kept of a station; a station that chatters pushes out its own oldest ones.
KEPT = 200

_INSERT = "INSERT INTO station_notice (charge_point_id, kind, word, at, is_expected) VALUES (?, ?, ?, ?, ?)"
_TRIM = (
    "DELETE FROM station_notice WHERE charge_point_id = ? AND kind = ? AND id <= (SELECT id FROM station_notice"
    " WHERE charge_point_id = ? AND kind = ? ORDER BY id DESC LIMIT 1 OFFSET ?)"
)


def note(unit: Unit, charge_point_id: int, kind: str, word: str, at: int, *, is_expected: bool = False) -> None:
    """Keep a status, or a firmwareVersion that is new; `at` in milliseconds since 1970."""
    unit.execute(_INSERT, charge_point_id, kind, word, at, is_expected)
    unit.execute(_TRIM, charge_point_id, kind, charge_point_id, kind, KEPT)
    unit.publish(f"firmware-{charge_point_id}")
