"""The written configuration is accepted by the programs that it is for."""

import shutil
import stat
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from modou.deploy import FILES, Plan, render, write


def make_plan(tmp_path: Path) -> Plan:
    return Plan(
        ini=Path("/srv/modou/production.ini"),
        command=Path("/srv/modou/.venv/bin/modou"),
        statics={"/static/abc/modou": tmp_path},
        files_secret="a secret of the test",
        data=tmp_path,
        address="127.0.0.1",
        user="",
        deferred={"POST": ["/api/v1/study/beats"]},
    )


def check(*command: str) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_haproxy_accepts_its_file(tmp_path: Path) -> None:
    write(make_plan(tmp_path), tmp_path / "etc")
    check("haproxy", "-c", "-f", str(tmp_path / "etc" / "haproxy.cfg"))


def test_nginx_accepts_its_file(tmp_path: Path) -> None:
    write(make_plan(tmp_path), tmp_path / "etc")
    check("nginx", "-t", "-c", str(tmp_path / "etc" / "nginx.conf"))


def test_only_the_owner_may_read_what_holds_the_secret(tmp_path: Path) -> None:
    for path in write(make_plan(tmp_path), tmp_path / "etc"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_every_process_has_a_port_a_server_line_and_a_unit(tmp_path: Path) -> None:
    plan = make_plan(tmp_path)
    texts = render(plan)
    assert set(texts) == set(FILES)
    for port in plan.ports:
        assert f"127.0.0.1:{port}" in texts["haproxy.cfg"]
        assert f"127.0.0.1:{port}" not in texts["nginx.conf"], "nginx stands in HAProxy's line"
        assert f"modou@{port}.service" in texts["modou.target"]


def test_a_worker_has_a_unit_where_jobs_are_done_outside(tmp_path: Path) -> None:
    plan = make_plan(tmp_path)
    texts = render(plan)
    assert 'modou" worker --config' in texts["modou-worker.service"]
    assert "modou-worker.service" in texts["modou.target"]
    without = render(replace(plan, worker=False))
    assert "modou-worker.service" not in without
    assert "worker" not in without["modou.target"]


@pytest.mark.parametrize(
    ("threads", "pages", "beats"), [(38, 6, 30), (64, 6, 56), (6, 5, 1), (4, 3, 1), (1, 1, 1)]
)
def test_haproxy_shares_the_threads_of_a_process_out(
    tmp_path: Path, threads: int, pages: int, beats: int
) -> None:
    plan = replace(make_plan(tmp_path), threads=threads)
    assert (plan.page_threads, plan.beat_threads) == (pages, beats)
    before, after = render(plan)["haproxy.cfg"].split("\nbackend beats\n")
    assert f"maxconn {pages}\n" in before.split("\nbackend processes\n")[1]
    assert f"maxconn {beats}\n" in after


def test_folders_may_have_blanks_and_chinese_characters(tmp_path: Path) -> None:
    folder = tmp_path / "墨斗 site"
    folder.mkdir()
    write(make_plan(folder), folder / "etc")
    check("haproxy", "-c", "-f", str(folder / "etc" / "haproxy.cfg"))
    check("nginx", "-t", "-c", str(folder / "etc" / "nginx.conf"))
