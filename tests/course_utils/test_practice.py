"""What notebook 01 practises with."""

import hashlib
import io
import zipfile

import cv2
import numpy as np
import pytest
import requests

from course_utils.practice import PRACTICE_ZIP, PracticeServer, mixed_cat, new_animals


@pytest.fixture
def server():
    server = PracticeServer()
    yield server
    server.close()


def test_the_zip_holds_twenty_photos_and_a_stray_file(server):
    answer = requests.get(f"{server.address}/{PRACTICE_ZIP}", timeout=10)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        names = archive.namelist()
        photo = cv2.imdecode(np.frombuffer(archive.read(names[0]), np.uint8), cv2.IMREAD_COLOR)
    assert (answer.status_code, len(names), names[-1]) == (200, 21, "cats-practice/.DS_Store")
    assert photo.std() > 10


def test_the_checksum_is_that_of_the_zip_and_of_no_other_bytes(server):
    content = requests.get(f"{server.address}/{PRACTICE_ZIP}", timeout=10).content
    assert hashlib.sha256(content).hexdigest() == server.checksum
    assert hashlib.sha256(content[:-1]).hexdigest() != server.checksum


def test_another_name_is_answered_with_404_and_a_page(server):
    answer = requests.get(f"{server.address}/cats-train.zip", timeout=10)
    assert answer.status_code == 404 and b"<!DOCTYPE HTML" in answer.content[:20]


def test_a_closed_server_does_not_answer():
    server = PracticeServer()
    server.close()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{server.address}/{PRACTICE_ZIP}", timeout=5)


def test_the_new_animals_are_six_different_images_of_the_size_asked_for():
    animals = new_animals(size=60)
    assert animals.shape == (6, 60, 60, 3) and animals.dtype == np.uint8
    assert len({animal.tobytes() for animal in animals}) == 6


def test_the_mixed_cat_differs_from_itself_with_its_own_ears_and_its_surroundings_do_not():
    mixed, own = mixed_cat()
    apart = np.abs(mixed.astype(int) - own).mean(axis=2) > 40
    assert mixed.shape == own.shape and apart.mean() > 0.01
    assert apart[:, 300:].mean() < 0.001
