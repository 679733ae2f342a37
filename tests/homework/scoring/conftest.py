"""Small photos and what is packed from them, made once for each file of tests."""

import pytest
from homework_corpus import Corpus, small_photos


@pytest.fixture(scope="module")
def photos():
    return small_photos()


@pytest.fixture(scope="module")
def corpus(photos, tmp_path_factory):
    return Corpus(tmp_path_factory.mktemp("corpus"), *photos)
