"""Links for stations: at which address, by which protocol, until when."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ocpp_server import stations
from ocpp_server.models import FileLink
from ocpp_server.services.configuration import configuration
from ocpp_server.services.errors import Invalid
from ocpp_server.services.file import file_addresses, file_links
from ocpp_server.services.firmware import firmware_images
from ocpp_server.shelf import Shelf
from tests.ocpp_server.conftest import NOON

HOUR = NOON + timedelta(hours=1)
IMAGE = {"file_name": "fw v1.bin", "size": 3, "sha256": "0" * 64, "stored_as": "x"}


@pytest.fixture
def image(store, time):
    return store.write(lambda unit: firmware_images.add(unit, by="anna", **IMAGE))


@pytest.fixture
def offer(store, settings, speaker, image):
    def offer(**settings_too):
        told = replace(settings, **settings_too)
        return store.write(
            lambda unit: file_links.offer_download(unit, told, image.id, speaker.station.id, expires_at=HOUR)
        )

    return offer


def says(store, speaker, value):
    item = {"key": "SupportedFileTransferProtocols", "value": value, "readonly": True}
    store.write(lambda unit: configuration.report(unit, speaker.station.id, item, NOON))


def test_the_address_is_the_one_that_the_station_connected_to(offer, speaker):
    speaker.station.reached_at = "http://192.168.1.5:8080"
    made = offer()
    assert made.location.startswith("http://192.168.1.5:8080/files/")
    assert made.location.endswith("/fw_v1.bin")
    assert (made.protocol, made.is_only_local) == ("HTTP", False)


def test_what_the_settings_say_comes_first(offer, speaker):
    speaker.station.reached_at = "https://yard"
    assert offer(public_url="https://yard.example/").location.startswith("https://yard.example/files/")
    both = offer(public_url="https://yard.example", files_url="http://files.yard.example")
    assert both.location.startswith("http://files.yard.example/files/")


@pytest.mark.parametrize(
    ("reached", "expected"),
    [
        ("http://192.168.1.5:9180", "http://192.168.1.5:9180/"),
        ("http://127.0.0.1:8080", "https://yard.example/"),
        ("http://upstream:8080", "https://yard.example/"),
        ("https://192.168.1.5", "https://yard.example/"),
        ("", "https://yard.example/"),
    ],
)
def test_a_station_without_tls_is_not_sent_to_an_address_with_it(offer, speaker, reached, expected):
    speaker.station.reached_at = reached
    assert offer(public_url="https://yard.example").location.startswith(expected)


def test_a_guess_is_known_as_one(offer):
    stations.clear()
    assert offer().is_only_local


@pytest.mark.parametrize("host", ["", "a b", "x/y", "yard@evil", "yard\r\nX: y", "[::1", "-x", "y" * 300])
def test_a_host_header_that_is_none_is_not_believed(host):
    assert file_addresses.reached_at("http", host) == ""


@pytest.mark.parametrize("host", ["yard", "yard.example:8080", "10.0.0.7:80", "[2001:db8::1]:8080", "my_yard"])
def test_a_host_header_is_believed(host):
    assert file_addresses.reached_at("https", host) == f"https://{host}"


def test_the_protocols_are_read_as_the_station_spells_them(store, speaker, offer):
    says(store, speaker, "ftp, HTTPS;gopher http")
    with store.reading():
        assert file_addresses.supported(speaker.station.id) == ("FTP", "HTTPS", "HTTP")
    says(store, speaker, "FTP,FTPS")
    assert offer().protocol == "HTTP"


def test_ftp_is_offered_where_it_is_switched_on_and_chosen_where_nothing_else_is_spoken(store, speaker, offer):
    speaker.station.reached_at = "http://192.168.1.5:8080"
    made = offer(ftp_port=2121)
    assert made.protocol == "HTTP"
    token = made.location.split("/")[-2]
    assert made.urls["FTP"] == f"ftp://cy{made.link_id}:{token}@192.168.1.5:2121/fw_v1.bin"
    says(store, speaker, "FTP")
    assert (
        offer(ftp_port=21, ftp_address="ftp.yard.example").location.rpartition("@")[2] == "ftp.yard.example/fw_v1.bin"
    )
    speaker.station.reached_at = "http://[2001:db8::1]"
    assert offer(ftp_port=21).location.rpartition("@")[2] == "[2001:db8::1]/fw_v1.bin"


def test_the_token_is_not_kept(offer, store):
    made = offer()
    token = made.location.split("/")[-2]
    with store.reading():
        link = file_links.find(token)
        assert link is not None
        assert link.id == made.link_id
        assert token not in str(link.__data__)
        assert file_links.find("x" * 32) is None
        assert file_links.find("\0\ud800") is None


def test_an_image_that_was_deleted_is_offered_to_nobody(store, offer, image, tmp_path):
    made = offer()
    store.write(lambda unit: firmware_images.delete(unit, Shelf(tmp_path), image.id))
    with store.reading():
        assert FileLink.get_by_id(made.link_id).state == "closed"
    with pytest.raises(Invalid):
        offer()


def test_who_waits_in_vain_is_told(store, settings, speaker, offer, time, monkeypatch):
    heard = []
    monkeypatch.setattr(file_links, "_listeners", [heard.append])
    made = store.write(lambda unit: file_links.expect_upload(unit, settings, speaker.station.id, expires_at=HOUR))
    store.write(file_links.expire)
    assert heard == []
    time.go_on(hours=1)
    store.write(file_links.expire)
    store.write(file_links.expire)
    assert [(told.link_id, told.purpose, told.outcome) for told in heard] == [(made.link_id, "upload", "over")]


def test_links_are_forgotten_a_season_after_their_end(store, settings, speaker, time):
    def make(unit):
        return [file_links.expect_upload(unit, settings, speaker.station.id, expires_at=HOUR) for _ in range(2)]

    ended, waiting = store.write(make)
    store.write(lambda unit: file_links.close(unit, ended.link_id))
    time.go_on(days=91)
    assert store.write(file_links.prune) is False
    assert [row[0] for row in store.write(lambda unit: unit.all("SELECT id FROM file_link"))] == [waiting.link_id]
