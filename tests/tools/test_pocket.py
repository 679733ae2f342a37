"""python -m tools pocket: on this machine alone unless asked, and a code that a phone's camera can read."""

import threading

import cv2
import numpy as np
import pytest
import requests

from course_utils.errors import CourseError
from tools import pocket


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "pocket.json").write_text("{}")
    (tmp_path / "some.wasm").write_bytes(b"\0asm")
    (tmp_path / "some.js").write_text("export {};")
    return tmp_path


@pytest.fixture
def served(folder):
    with pocket.page_server(folder=folder, port=0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.mark.parametrize(("name", "kind"), [("some.wasm", "application/wasm"), ("some.js", "text/javascript")])
def test_files_come_with_the_kind_that_browsers_insist_on(served, name, kind):
    answer = requests.get(f"http://127.0.0.1:{served.server_port}/{name}", timeout=10)
    assert answer.headers["Content-Type"] == kind and answer.headers["Cache-Control"] == "no-cache"


def test_by_default_only_this_machine_is_answered(served):
    assert served.server_address[0] == "127.0.0.1"
    assert "only on this machine" in pocket.invitation(served)


def test_a_port_in_use_is_no_obstacle(served, folder):
    with pocket.page_server(folder=folder, port=served.server_port) as second:
        assert second.server_port != served.server_port


def test_a_camera_can_read_the_code(folder, monkeypatch):
    monkeypatch.setattr(pocket, "_address_in_network", lambda: "192.168.1.23")
    with pocket.page_server(lan=True, folder=folder, port=0) as server:
        told = pocket.invitation(server)
        address = f"http://192.168.1.23:{server.server_port}/"
    drawn = [line for line in told.splitlines() if set(line) <= set(" ▀▄█")]
    picture = []
    for line in drawn:
        picture.append([0 if sign in "▀█" else 255 for sign in line])
        picture.append([0 if sign in "▄█" else 255 for sign in line])
    image = cv2.resize(np.array(picture, np.uint8), None, fx=8, fy=8, interpolation=cv2.INTER_NEAREST)
    image = cv2.copyMakeBorder(image, 32, 32, 32, 32, cv2.BORDER_CONSTANT, value=255)
    assert cv2.QRCodeDetector().detectAndDecode(image)[0] == address
    assert address in told and "Everyone in this network" in told


def test_without_a_page_it_says_which_notebook_makes_one(tmp_path):
    with pytest.raises(CourseError, match="run notebook 10 first"):
        pocket.page_server(folder=tmp_path)


def test_an_unknown_word_is_told():
    with pytest.raises(CourseError, match="--lan or nothing"):
        pocket.pocket(["--wan"])
