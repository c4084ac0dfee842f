import pytest
from tiny_generator import tiny_generator


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    pytest.importorskip("torch")
    return tiny_generator(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def model(folder):
    from evenflow.frameworks import load

    return load(folder, device="cpu")
