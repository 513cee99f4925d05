"""Archives as stations and attackers make them."""

import gzip
import io
import os
import stat
import struct
import tarfile
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from ocpp_server.unpacking import archives, budget
from ocpp_server.unpacking.archives import Contents
from ocpp_server.unpacking.budget import Refused

LOG = b"2026-11-22 12:00:00 started\n" * 50
Tar = Callable[..., bytes]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sent"


def a_zip(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return buffer.getvalue()


def a_tar(*members: tarfile.TarInfo | tuple[str, bytes], mode: str = "w", format: int = tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode, format=format) as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
                continue
            info = tarfile.TarInfo(member[0])
            info.size = len(member[1])
            archive.addfile(info, io.BytesIO(member[1]))
    return buffer.getvalue()


def contents(path: Path, content: bytes, *members: int, name: str = "") -> Contents:
    path.write_bytes(content)
    return archives.look_into(path, *members, name=name)


def named(found: Contents) -> list[tuple[str, str]]:
    return [(entry.name, entry.refused) for entry in found.entries]


def read(path: Path, *members: int) -> bytes:
    return b"".join(archives.read(path, *members))


def refused(path: Path, *members: int) -> str:
    with pytest.raises(Refused) as error:
        read(path, *members)
    return error.value.reason


def test_a_zip_is_listed_and_read(path: Path) -> None:
    found = contents(path, a_zip(logs__ocpp=LOG, version=b"1.2"))
    assert (found.kind, named(found)) == ("zip", [("logs/ocpp", ""), ("version", "")])
    assert found.entries[0].size == len(LOG)
    assert read(path, 0) == LOG
    assert read(path, 1) == b"1.2"


@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_a_tar_of_any_format_is_listed_and_read(path: Path, mode: str, format: int) -> None:
    long = "log/" + "a" * 90 + "/" + "b" * 90
    folder = tarfile.TarInfo("log")
    folder.type = tarfile.DIRTYPE
    found = contents(path, a_tar(folder, (long, LOG), ("größe", b"x"), mode=mode, format=format))
    assert found.kind == ("tar" if mode == "w" else "tar.gz")
    assert named(found) == [(long, ""), ("größe", "")]
    assert (read(path, 0), read(path, 1)) == (LOG, b"x")


def test_a_gz_holds_one_file_named_as_the_packed_one(path: Path) -> None:
    found = contents(path, gzip.compress(LOG) + gzip.compress(b"more") + b"\0" * 100, name="ocpp.log.gz")
    assert (found.kind, named(found)) == ("gzip", [("ocpp.log", "")])
    assert read(path, 0) == LOG + b"more"


def test_anything_else_is_read_as_it_is(path: Path) -> None:
    assert contents(path, LOG) == Contents("plain")
    assert read(path) == LOG
    assert refused(path, 0) == budget.NO_FILE
    assert contents(path, b"") == Contents("plain")


def test_an_archive_within_an_archive_is_looked_into_once(path: Path) -> None:
    inner = a_zip(log=LOG, deeper=a_zip(log=LOG))
    path.write_bytes(a_tar(("inner.zip", inner), ("rotated.gz", gzip.compress(LOG)), mode="w:gz"))
    assert archives.look_into(path).entries[0].is_packed
    assert named(archives.look_into(path, 0)) == [("log", ""), ("deeper", "")]
    assert read(path, 0, 0) == LOG
    assert read(path, 1, 0) == LOG
    assert refused(path, 0, 1, 0) == budget.TOO_DEEP
    with pytest.raises(Refused):
        archives.look_into(path, 0, 1)


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "/etc/passwd", "a/../../b", "C:\\windows\\x", "..\\x", "\\\\host\\share\\x", "C:x", " "],
)
def test_a_name_that_leads_elsewhere_is_refused_in_zip_and_tar(path: Path, name: str) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), b"x")
    for content in (buffer.getvalue(), a_tar((name, b"x"))):
        assert named(contents(path, content)) == [(name, budget.UNSAFE_NAME)]
        assert refused(path, 0) == budget.UNSAFE_NAME


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_in_a_tar_are_refused(path: Path, kind: bytes) -> None:
    info = tarfile.TarInfo("log")
    info.type, info.linkname = kind, "/etc/passwd"
    found = contents(path, a_tar(info, ("after", b"x")))
    assert named(found) == [("log", budget.NO_FILE), ("after", "")]
    assert refused(path, 0) == budget.NO_FILE
    assert read(path, 1) == b"x"


def test_links_in_a_zip_are_refused(path: Path) -> None:
    buffer, info = io.BytesIO(), zipfile.ZipInfo("log")
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(info, b"/etc/passwd")
    assert named(contents(path, buffer.getvalue())) == [("log", budget.NO_FILE)]
    assert refused(path, 0) == budget.NO_FILE


def test_what_needs_a_password_or_is_packed_strangely_is_refused(path: Path) -> None:
    plain = a_zip(log=LOG)
    locked = bytearray(plain)
    locked[plain.index(b"PK\x01\x02") + 8] |= 1
    assert named(contents(path, bytes(locked))) == [("log", budget.LOCKED)]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("log", LOG)
    assert named(contents(path, buffer.getvalue())) == [("log", budget.UNKNOWN_METHOD)]
    assert refused(path, 0) == budget.UNKNOWN_METHOD


@pytest.mark.parametrize("kind", ["gz", "zip", "tar.gz", "inner"])
def test_a_bomb_is_refused_in_constant_memory(path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "RATIO_COUNTS_FROM", 4 << 20)
    zeros = b"\0" * (12 << 20)
    made = {
        "gz": lambda: gzip.compress(zeros),
        "zip": lambda: a_zip(log=zeros),
        "tar.gz": lambda: a_tar(("log", zeros), mode="w:gz"),
        "inner": lambda: a_zip(inner=gzip.compress(zeros)),
    }
    path.write_bytes(made[kind]())
    members = (0, 0) if kind == "inner" else (0,)
    tracemalloc.start()
    with pytest.raises(Refused) as error:
        for _ in archives.read(path, *members):
            pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert error.value.reason == budget.TOO_LARGE
    assert peak < 1 << 20


def test_a_log_that_packs_well_is_no_bomb(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "RATIO_COUNTS_FROM", 1 << 20)
    lines = b"".join(b"2026-11-22 12:00:%02d heartbeat %d\n" % (number % 60, number) for number in range(50_000))
    path.write_bytes(gzip.compress(lines))
    assert sum(map(len, archives.read(path, 0))) == len(lines)


def test_too_many_members_are_listed_up_to_the_limit(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBERS", 3)
    monkeypatch.setattr("ocpp_server.unpacking.tar.MAX_MEMBERS", 3)
    for content in (
        a_zip(a=b"", b=b"", c=b"", d=b""),
        a_tar(("a", b""), ("b", b""), ("c", b""), ("d", b"")),
    ):
        found = contents(path, content)
        assert (len(found.entries), found.refused) == (3, budget.TOO_MANY)


def test_an_index_without_end_is_not_read(path: Path) -> None:
    """The end record of a zip names the size of its index, which Python would read as a whole."""
    size = 300 << 20
    with path.open("wb") as file:
        file.write(b"PK\x03\x04")
        file.truncate(4 + size)
        file.seek(4 + size)
        file.write(b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, 60_000, 60_000, size, 4, 0))
    assert archives.look_into(path).refused == budget.TOO_MANY


def test_a_header_that_claims_to_be_huge_is_not_read(path: Path) -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 1 << 30
    content = info.tobuf(tarfile.USTAR_FORMAT)
    assert contents(path, content + b"\0" * 5120).refused == budget.DAMAGED


@pytest.mark.parametrize("digits", [21, 400, 5000])
def test_a_length_of_so_many_digits_is_damaged(path: Path, digits: int) -> None:
    long = "9" * digits
    sized = tarfile.TarInfo("log")
    sized.pax_headers = {"size": long}
    record = tarfile.TarInfo("x")
    record.type, record.size = tarfile.XHDTYPE, digits + 7
    odd = record.tobuf(tarfile.USTAR_FORMAT) + f"{long} path=x".encode().ljust(10 * 512, b"\0")
    for content in (a_tar(sized), odd):
        found = contents(path, content)
        assert (found.entries, found.refused) == ((), budget.DAMAGED)


def test_a_gz_whose_fault_shows_only_when_all_is_read_is_damaged(path: Path) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    content = packer.compress(b"\0" * 65_537) + packer.flush(zlib.Z_SYNC_FLUSH)
    # In place of the empty block at the end one of a type that does not exist.
    path.write_bytes(content[:-5] + b"\xef")
    assert refused(path, 0) == budget.DAMAGED


def test_what_takes_too_long_is_given_up(path: Path) -> None:
    for content in (a_tar(("log", LOG)), a_tar(("log", LOG), mode="w:gz")):
        path.write_bytes(content)
        assert archives.look_into(path, until=0).refused == budget.TOO_LONG
    inner = a_zip(inner=gzip.compress(LOG))
    for content, members in (
        (LOG, ()),
        (a_zip(log=LOG), (0,)),
        (gzip.compress(LOG), (0,)),
        (inner, (0, 0)),
        (a_tar(("log", LOG)), (0,)),
    ):
        path.write_bytes(content)
        with pytest.raises(Refused) as error:
            list(archives.read(path, *members, until=0))
        assert error.value.reason == budget.TOO_LONG


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.9])
def test_what_is_cut_off_is_damaged(path: Path, cut: float) -> None:
    noise = os.urandom(50_000)
    for content in (a_tar(("log", noise), ("more", noise)), a_tar(("log", noise), mode="w:gz"), gzip.compress(noise)):
        path.write_bytes(content[: int(len(content) * cut)])
        found = archives.look_into(path)
        if found.refused:
            assert found.refused == budget.DAMAGED
        else:
            assert found.kind == "gzip"
            assert refused(path, 0) == budget.DAMAGED


@pytest.mark.parametrize("seed", range(60))
def test_noise_in_an_archive_raises_nothing_but_refusals(path: Path, seed: int) -> None:
    made = (a_zip(a=LOG, b=LOG), a_tar(("a", LOG), ("b", LOG)), a_tar(("a", LOG), mode="w:gz"), gzip.compress(LOG))
    content = bytearray(made[seed % 4])
    for place in range(seed, len(content), 37 + seed):
        content[place] ^= 1 + seed
    path.write_bytes(bytes(content))
    for members in ((), (0,), (1,), (0, 0)):
        try:
            archives.look_into(path, *members[:1])
            read(path, *members)
        except Refused:
            pass
