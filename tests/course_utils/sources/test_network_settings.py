"""A download where a school's proxy, its certificate or a setting of the network stands in the way."""

import os
import ssl
import threading
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
import trustme
from loopback import loopback, whole

from course_utils.errors import CourseError
from course_utils.sources.download import download, unanswered


@pytest.fixture
def site():
    with loopback() as site:
        yield site


@pytest.fixture
def target(tmp_path):
    return tmp_path / "photos.zip"


@pytest.fixture
def safe_site(tmp_path):
    """Starts an https server on loopback, its certificate valid between two days, counted from today."""
    servers = []

    def start(first_day, last_day):
        authority, now = trustme.CA(), datetime.now(UTC)
        first, last = now + timedelta(days=first_day), now + timedelta(days=last_day)
        authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost", not_before=first, not_after=last).configure_cert(context)
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=tmp_path))
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"https://localhost:{server.server_port}/authority.pem"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def no_proxy(monkeypatch):
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            monkeypatch.delenv(name)


def told_by_both(url, target):
    """What a student reads about an address: asked beforehand, and in downloading."""
    with pytest.raises(CourseError) as refused:
        download(url, target, attempts=1, timeouts=(2, 3))
    assert not target.exists()
    return unanswered([url], seconds=5)[url], str(refused.value)


@pytest.mark.fault("downloader")
def test_a_certificate_of_a_schools_proxy_is_told_as_one(safe_site, no_proxy, target):
    for told in told_by_both(safe_site(-1, 1), target):
        assert "not trusted" in told and "REQUESTS_CA_BUNDLE" in told and "clock" not in told


@pytest.mark.fault("downloader")
@pytest.mark.parametrize("days", [(-9, -2), (2, 9)])
def test_a_certificate_of_another_time_points_to_the_clock(safe_site, no_proxy, tmp_path, target, monkeypatch, days):
    url = safe_site(*days)
    # Trusted, so that its time is all that is wrong with it.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "authority.pem"))
    for told in told_by_both(url, target):
        assert "clock" in told


@pytest.mark.fault("downloader")
@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_missing_file_of_certificates_is_told_with_its_variable(no_proxy, target, monkeypatch, capfd, name):
    monkeypatch.setenv(name, "/nonexistent/school.pem")
    for told in told_by_both("https://localhost:9/photos.zip", target):
        assert f"{name} names /nonexistent/school.pem" in told
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.fault("downloader")
@pytest.mark.parametrize("proxy", ["socks5h://name:secret@127.0.0.1:1080", "http://name:secret@127.0.0.1:port"])
def test_a_proxy_that_cannot_be_used_is_told_without_its_password(site, no_proxy, target, monkeypatch, proxy):
    monkeypatch.setenv("http_proxy", proxy)
    for told in told_by_both(site.put("photos.zip", whole(b"photos")), target):
        assert "the proxy 127.0.0.1" in told and "secret" not in told and "http(s) address" not in told
