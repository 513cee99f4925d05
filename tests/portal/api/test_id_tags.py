from urllib.parse import quote

import pytest

from tests.portal.api.conftest import Api

CARD = {"id_tag": "Card-1", "label": "Anna", "parent_id_tag": "Family", "expiry_date": "2027-01-31T18:00:00.5+01:00"}


def test_an_id_tag_is_added_shown_changed_and_deleted(api: Api) -> None:
    answer = api.post("/id-tags", CARD)
    assert answer.status_code == 201
    assert answer.headers["Location"] == "/api/v1/id-tags/Card-1"
    card = answer.json
    assert card | {"created_at": ""} == {
        "id_tag": "Card-1",
        "status": "accepted",
        "expiry_date": "2027-01-31T17:00:00Z",
        "parent_id_tag": "Family",
        "label": "Anna",
        "note": "",
        "created_at": "",
        "last_used_at": None,
    }
    assert api.get("/id-tags/cARD-1").json == card

    changed = api.patch("/id-tags/Card-1", {"status": "blocked", "expiry_date": None})
    assert changed.json == {**card, "status": "blocked", "expiry_date": None}

    assert api.delete("/id-tags/CARD-1").status_code == 204
    for method in ("GET", "DELETE"):
        assert api.ask(method, "/id-tags/Card-1").status_code == 404
    assert api.patch("/id-tags/Card-1", {}).status_code == 404


@pytest.mark.parametrize("id_tag", ["a/b", "/a//b/", "100%25", "ä ö", "?x=1#y", "..", "meter-values"])
def test_an_id_tag_may_hold_any_character(api: Api, id_tag: str) -> None:
    location = api.post("/id-tags", {"id_tag": id_tag}).headers["Location"]
    assert location == f"/api/v1/id-tags/{quote(id_tag, safe='')}"
    path = location.removeprefix("/api/v1")
    assert api.get(path).json["id_tag"] == id_tag
    assert api.patch(path, {"label": "x"}).status_code == 200
    assert api.delete(path).status_code == 204


def test_a_second_one_is_a_conflict(api: Api) -> None:
    api.post("/id-tags", {"id_tag": "A"})
    answer = api.post("/id-tags", {"id_tag": "a"})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (409, "id_tag")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "id_tag"),
        ({"id_tag": "x" * 21}, "id_tag"),
        ({"id_tag": " "}, "id_tag"),
        ({"id_tag": "A", "status": "expired"}, "status"),
        ({"id_tag": "A", "expiry_date": "tomorrow"}, "expiry_date"),
        ({"id_tag": "A", "expiry_date": "0001-01-01T00:00:00Z"}, "expiry_date"),
        ({"id_tag": "A", "parent_id_tag": "a"}, "parent_id_tag"),
        ({"id_tag": "A", "label": "x" * 256}, "label"),
        ({"id_tag": "A", "label": "a\0b"}, "label"),
        ({"id_tag": "A", "colour": "red"}, "colour"),
    ],
)
def test_what_cannot_be_stored_is_named(api: Api, body: dict[str, str], field: str) -> None:
    answer = api.post("/id-tags", body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == [field]


def test_a_list_is_filtered_and_comes_in_parts(api: Api) -> None:
    for number in range(5):
        api.post("/id-tags", {"id_tag": f"T{number}", "label": f"Label {number}"})
    api.patch("/id-tags/T3", {"status": "blocked", "parent_id_tag": "Family"})

    def listed(**query: str | int) -> list[str]:
        return [item["id_tag"] for item in api.get("/id-tags", **query).json["items"]]

    assert listed(status="blocked") == ["T3"]
    assert listed(parent_id_tag="FAMILY") == ["T3"]
    assert listed(q="label 4") == ["T4"]
    first = api.get("/id-tags", limit=3).json
    assert [item["id_tag"] for item in first["items"]] == ["T0", "T1", "T2"]
    assert listed(limit=3, cursor=first["next"]) == ["T3", "T4"]


def test_a_renamed_id_tag_is_found_by_its_new_name_only(api: Api) -> None:
    api.post("/id-tags", {"id_tag": "A"})
    assert api.patch("/id-tags/A", {"id_tag": "B"}).json["id_tag"] == "B"
    assert api.get("/id-tags/A").status_code == 404
    assert api.get("/id-tags/b").status_code == 200
