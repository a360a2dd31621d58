"""Who may ask for what: hosts, pages of others, tokens, sessions and forms."""

from __future__ import annotations

import re
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.routing import Mount
from starlette.testclient import TestClient

from windlass.errors import ConfigError
from windlass.web import tokens as tokens_module
from windlass.web.app import make_routes
from windlass.web.guard import Door, Guard
from windlass.web.sessions import Sessions
from windlass.web.site import Sites, open_sites
from windlass.web.tokens import FILE, kept_tokens, make_tokens

from .conftest import ask

ELSEWHERE = "10.1.2.3"


@pytest.fixture
def empty(tmp_path: Path) -> Sites:
    """A project in which nothing was recorded."""
    (tmp_path / "windlass.toml").touch()
    return open_sites([tmp_path])


@pytest.fixture
def tokens(tmp_path: Path) -> dict[Any, str]:
    return make_tokens(tmp_path)[1]


@pytest.fixture
def opened(empty: Sites, tokens: dict[Any, str], tmp_path: Path) -> Iterator[TestClient]:
    """A dashboard that others can reach, asked from elsewhere."""
    with ask(empty, Guard(kept_tokens(tmp_path)), ELSEWHERE) as client:
        yield client


def doors(routes: Any, base: str = "") -> list[tuple[str, Door]]:
    """Every path with its door; of several projects those of ``other``."""
    found: list[tuple[str, Door]] = []
    for route in routes:
        if isinstance(route, Mount):
            found += doors(route.routes, route.path.replace("{project}", "other"))
        else:
            assert isinstance(route, Door), f"{route} does not say who may ask it"
            path = re.sub(r"{(\w+)(:\w+)?}", lambda part: PARTS.get(part[1], "x"), route.path)
            found.append((base + path, route))
    return found


PARTS = {"run": "r", "node": "n", "model": "m", "version": "1", "launch": "x", "digest": "0" * 64}


@pytest.mark.parametrize("several", [False, True])
def test_every_route_says_who_may_ask_it_and_lets_nobody_else(
    empty: Sites, tokens: dict[Any, str], tmp_path: Path, several: bool
) -> None:
    sites = empty
    if several:
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "windlass.toml").touch()
        sites = open_sites([tmp_path, tmp_path / "other"])
    guard = Guard(kept_tokens(tmp_path))
    found = doors(make_routes(sites, guard).routes)
    with ask(sites, guard, ELSEWHERE) as client, ask(sites, guard, "10.9.9.9") as guessing:
        for path, door in found:
            for method in (door.methods or set()) - {"HEAD"}:
                _walk(client, method, path, door.access, tokens)
                wrong = guessing.request(method, path, headers=bearer("wl_acting_x"))
                assert wrong.status_code in (401, 429), path
    assert sum(door.access == "acting" for _, door in found) == 10
    assert {path for path, door in found if door.access == "anyone"} == {
        "/favicon.ico",
        "/login",
        "/static/page.js",
        "/static/style.css",
    }


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _walk(client: TestClient, method: str, path: str, access: str, tokens: dict[Any, str]) -> None:
    bare = client.request(method, path)
    if access == "anyone":
        assert bare.status_code in (200, 401), path  # a login without a token
        return
    assert bare.status_code in (303, 401), path
    if bare.status_code == 303:
        assert bare.headers["location"].startswith("/login?next=")
    if "live" in path.split("/"):
        return  # it would go on for ever
    reads = client.request(method, path, headers=bearer(tokens["reading"]))
    assert (reads.status_code == 403) == (access == "acting"), path
    acts = client.request(method, path, headers=bearer(tokens["acting"]))
    assert acts.status_code not in (401, 403), path


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "PUT", "TRACE"])
@pytest.mark.parametrize("path", ["/", "/api/runs", "/static/page.js", "/nothing"])
def test_other_names_are_refused_on_every_verb(empty: Sites, method: str, path: str) -> None:
    with ask(empty) as client:
        for host in ("evil.example", "127.0.0.1.evil.example", "", "localhost:x", "a.b:80"):
            answer = client.request(method, path, headers={"Host": host})
            assert answer.status_code == 421
            assert "set-cookie" not in answer.headers


def test_a_name_that_is_allowed_is_ours(empty: Sites) -> None:
    with ask(empty, Guard(hosts=["*.team.example"])) as client:
        assert client.get("/", headers={"Host": "ml.team.example"}).status_code == 200
        assert client.get("/", headers={"Host": "team.example.evil"}).status_code == 421


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_pages_of_others_may_send_nothing(empty: Sites, headers: dict[str, str]) -> None:
    with ask(empty) as client:
        answer = client.post("/runs/x/cancel", headers=headers)
        assert answer.status_code == 403
        assert "pages of other hosts" in answer.text


def test_a_proxy_on_this_machine_does_not_make_others_local(empty: Sites) -> None:
    with ask(empty) as client:
        for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
            answer = client.get("/", headers={name: "127.0.0.1"})
            assert answer.status_code == 403
            assert "--tokens" in answer.text


def test_without_tokens_nobody_from_elsewhere_is_answered(empty: Sites) -> None:
    with ask(empty, peer=ELSEWHERE) as client:
        assert client.get("/").status_code == 403
        assert client.get("/api/runs").status_code == 403


def log_in(client: TestClient, token: str, name: str = "anna", path: str = "/login") -> Any:
    return client.post(path, data={"token": token, "name": name})


def test_the_login_gives_a_bounded_cookie_and_leads_back(
    opened: TestClient, tokens: dict[Any, str]
) -> None:
    asked = opened.get("/models?x=1")
    assert (asked.status_code, asked.headers["location"]) == (303, "/login?next=%2Fmodels%3Fx%3D1")
    assert 'name="token"' in opened.get(asked.headers["location"]).text
    done = log_in(opened, tokens["reading"], path=asked.headers["location"])
    assert (done.status_code, done.headers["location"]) == (303, "/models?x=1")
    cookie = done.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert f"max-age={12 * 3600}" in cookie
    assert tokens["reading"] not in cookie
    assert opened.get("/").status_code == 200


@pytest.mark.parametrize(
    "place", ["https://evil.example", "//evil.example", "/\\evil.example", "/a\nb", "javascript:x"]
)
def test_the_login_leads_nowhere_else(
    opened: TestClient, tokens: dict[Any, str], place: str
) -> None:
    from urllib.parse import quote

    done = log_in(opened, tokens["reading"], path=f"/login?next={quote(place, safe='')}")
    assert done.headers["location"] == "/"


def test_who_reads_sees_no_actions_and_may_do_none(
    made: Path, tmp_path: Path, tokens: dict[Any, str]
) -> None:
    sites = open_sites([made])
    with ask(sites, Guard(kept_tokens(tmp_path)), ELSEWHERE) as client:
        log_in(client, tokens["reading"])
        assert "/promote" not in client.get("/models/delay/2").text
        refused = client.get("/models/delay/2/promote")
        assert refused.status_code == 403
        assert "token for acting" in refused.text
        log_in(client, tokens["acting"])
        assert "/promote" in client.get("/models/delay/2").text
        told = client.get("/models/delay/2/promote").text
        assert "anna (dashboard) did it" in told


def test_who_logs_out_is_out(opened: TestClient, tokens: dict[Any, str]) -> None:
    log_in(opened, tokens["acting"])
    form = re.search(r'name="form_token" value="(\w+)"', opened.get("/").text)
    assert form
    assert opened.post("/logout").status_code == 403  # a form without its token
    assert opened.post("/logout", data={"form_token": form[1]}).status_code == 303
    assert opened.get("/").status_code == 303


def test_wrong_tokens_are_heard_five_times_a_minute(
    opened: TestClient, tokens: dict[Any, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        assert log_in(opened, "wl_acting_guess").status_code == 401
    assert log_in(opened, tokens["acting"]).status_code == 429
    assert opened.get("/api/runs", headers=bearer(tokens["acting"])).status_code == 429
    later = time.monotonic() + 61
    monkeypatch.setattr("windlass.web.tokens.time.monotonic", lambda: later)
    assert log_in(opened, tokens["acting"]).status_code == 303


def test_addresses_that_guess_are_kept_in_bounds() -> None:
    attempts = tokens_module.Attempts()
    for place in range(3000):
        attempts.note(f"10.0.{place // 256}.{place % 256}")
    assert len(attempts._wrong) <= 1024


def test_tokens_are_kept_as_digests_that_their_owner_alone_reads(tmp_path: Path) -> None:
    tokens, made = make_tokens(tmp_path)
    path = tmp_path / FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text()
    assert not any(token in text or token[-20:] in text for token in made.values())
    assert kept_tokens(tmp_path) == tokens
    assert tokens.right_of(made["acting"]) == "acting"
    assert tokens.right_of(made["reading"]) == "reading"
    others, _ = make_tokens(tmp_path)
    assert others.right_of(made["acting"]) is None
    assert sorted(each.name for each in tmp_path.iterdir()) == [FILE]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"reading": "x"}', "\xff"])
def test_a_file_of_tokens_that_is_damaged_opens_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigError, match="cannot be read"):
        kept_tokens(tmp_path)


@given(st.text())
def test_no_text_is_a_token_or_a_session(text: str) -> None:
    guard = Sessions()
    assert guard.read(text) is None
    assert tokens_module.Tokens({"reading": "0" * 64, "acting": "1" * 64}).right_of(text) is None


@given(place=st.integers(0, 10_000), letter=st.sampled_from("aB0.=_"))
def test_a_cookie_that_was_altered_is_none(place: int, letter: str) -> None:
    sessions = Sessions()
    cookie = sessions.write(sessions.begin("anna", "reading"))
    place %= len(cookie)
    altered = cookie[:place] + letter + cookie[place + 1 :]
    assert (sessions.read(altered) is None) == (altered != cookie)
    assert Sessions().read(cookie) is None


def test_a_session_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    sessions = Sessions()
    cookie = sessions.write(sessions.begin("anna", "acting"))
    assert sessions.read(cookie) is not None
    later = time.time() + 12 * 3600 + 1
    monkeypatch.setattr("windlass.web.sessions.time.time", lambda: later)
    assert sessions.read(cookie) is None


def test_a_form_is_one_of_its_session_alone() -> None:
    sessions = Sessions()
    one, other = sessions.begin("anna", "acting"), sessions.begin("anna", "acting")
    assert sessions.is_form_of(one, sessions.form_token(one))
    assert not sessions.is_form_of(other, sessions.form_token(one))
    assert not sessions.is_form_of(one, "")
    assert not sessions.is_form_of(one, "é")


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("multipart/form-data; boundary=x", b"--x--", 415),
        ("application/json", b"{}", 415),
        ("application/x-www-form-urlencoded", b"a" * 1_000_001, 413),
        ("application/x-www-form-urlencoded", b"\xff=1", 400),
        ("application/x-www-form-urlencoded", b"&&=", 400),
        ("application/x-www-form-urlencoded", b"form_token=x", 403),
    ],
)
def test_what_is_no_form_of_ours_does_nothing(
    empty: Sites, kind: str, body: bytes, status: int
) -> None:
    with ask(empty) as client:
        client.get("/")
        headers = {"content-type": kind}
        assert client.post("/runs/x/cancel", content=body, headers=headers).status_code == status
