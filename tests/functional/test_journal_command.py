"""`modou journal` on a real site's journal, whole and tampered with."""

import json
from pathlib import Path
from typing import Any

import pytest

from modou.store.journal import Place, Proof, check_proof
from tests.commands import here, ini_of, refused_here
from tests.conftest import SiteUnderTest

pytestmark = pytest.mark.both_storages


@pytest.fixture
def recorded(make_site: Any, tmp_path: Path) -> tuple[SiteUnderTest, Path]:
    """A site that was renamed three times, closed; and its .ini."""
    site = make_site()
    for number in range(3):
        with site.occasion() as occasion:
            occasion.record(
                "settings_changed", values={"section": "site", "settings": [f"s{number}"]}
            )
    return site, ini_of(site.settings, tmp_path / "site.ini")


def test_a_whole_journal_is_found_whole(recorded: tuple[SiteUnderTest, Path]) -> None:
    site, ini = recorded
    site.close()
    told = here("journal", "verify", "-c", ini)
    assert told.returncode == 0
    assert "Everything is as it was recorded" in told.stdout


def test_an_altered_event_is_named_with_its_place(recorded: tuple[SiteUnderTest, Path]) -> None:
    site, ini = recorded
    with site.occasion() as occasion:
        name, log = next(iter(occasion.site.journal.logs.items()))
        batch = log.batches[2]
        batch.records = (batch.records[0].replace(b"s1", b"s7"),)
    site.close()
    told = here("journal", "verify", "-c", ini)
    assert told.returncode == 1
    assert f"{name}/2/0" in told.stdout.replace("\n", "")
    assert "altered" in told.stdout


def test_export_names_places_that_can_be_proved(
    recorded: tuple[SiteUnderTest, Path], tmp_path: Path
) -> None:
    site, ini = recorded
    site.close()
    assert here("journal", "export", "-c", ini, tmp_path / "all.jsonl").returncode == 0
    lines = (tmp_path / "all.jsonl").read_text(encoding="utf-8").splitlines()
    mine = [line for line in map(json.loads, lines) if "settings" in line["values"]]
    assert [line["values"]["settings"] for line in mine] == [["s0"], ["s1"], ["s2"]]
    shown = json.loads(here("journal", "prove", "-c", ini, mine[1]["place"]).stdout)
    proof = Proof(
        shown["algorithm"],
        shown["record"].encode(),
        tuple((step["left"], bytes.fromhex(step["digest"])) for step in shown["path"]),
        shown["log"],
        shown["number"],
        shown["time"],
        shown["count"],
        bytes.fromhex(shown["previous"]),
        bytes.fromhex(shown["digest"]),
    )
    assert check_proof(proof)
    assert '"s1"' in shown["record"]
    assert str(Place(proof.log, proof.number, 0)) == mine[1]["place"]


def test_a_place_without_event_is_refused(recorded: tuple[SiteUnderTest, Path]) -> None:
    site, ini = recorded
    site.close()
    assert "no event at 'nowhere'" in refused_here("journal", "prove", "-c", ini, "nowhere")


def test_tail_shows_the_newest_last(recorded: tuple[SiteUnderTest, Path]) -> None:
    site, ini = recorded
    site.close()
    lines = here("journal", "tail", "-c", ini, "-n", "2").stdout.splitlines()
    assert ['"s1"' in lines[0], '"s2"' in lines[1]] == [True, True]
    assert lines[0].startswith("2026-03-02 09:00:00 settings_changed")


def test_seal_prints_one_line_for_each_day_that_is_over(
    recorded: tuple[SiteUnderTest, Path],
) -> None:
    site, ini = recorded
    site.close()
    lines = here("journal", "seal", "-c", ini).stdout.splitlines()
    assert lines[0].startswith("2026-03-02 sha256 ")
    assert here("journal", "seal", "-c", ini).stdout == ""
    assert here("journal", "verify", "-c", ini).returncode == 0
