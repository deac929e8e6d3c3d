import hashlib

import pytest

from sonovox._internal.errors import IntegrityError, NetworkError
from sonovox.hub.cache import Cache
from sonovox.hub.order import FileOrder
from sonovox.hub.reach import remember_unreachable
from sonovox.hub.sources import WebSource

BODY = b"the weights"
SHA = hashlib.sha256(BODY).hexdigest()


class Order(FileOrder):
    """An order whose bytes come from a list: what each call of `bring` leaves on disk."""

    host = "far.invalid"

    def bring(self, entry, name, partial):
        partial.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(self.brings.pop(0))


@pytest.fixture
def order(tmp_path, recorder):
    def build(*brings, sha256=SHA):
        order = Order(WebSource("https://far.invalid/m.pt"), Cache(tmp_path / "cache"), recorder, sha256)
        order.brings = list(brings)
        return order

    return build


def test_what_is_not_there_is_brought_once_and_then_found(order):
    path = order(BODY).from_network()
    assert path.read_bytes() == BODY
    assert order().from_disk() == order().from_network() == path


def test_nothing_is_on_disk_before(order):
    assert order().from_disk() is None


def test_wrong_bytes_are_refused_with_both_hashes_and_leave_nothing(order, cache_folder):
    wrong = hashlib.sha256(b"poison").hexdigest()
    with pytest.raises(IntegrityError, match=f"https://far.invalid/m.pt came with sha256 {wrong}, expected {SHA}"):
        order(b"poison").from_network()
    assert Cache(cache_folder).entries() == []
    assert not list(cache_folder.rglob("m.pt"))


def test_a_bad_beginning_from_an_earlier_attempt_is_replaced(order, cache_folder):
    entry = order().recorded()
    entry.partial.mkdir(parents=True)
    (entry.partial / "m.pt").write_bytes(b"a damaged beginning")
    assert order(b"damaged, resumed", BODY).from_network().read_bytes() == BODY


def test_an_unharmed_file_that_is_recorded_nowhere_is_not_trusted(order):
    entry = order().recorded()
    entry.folder.mkdir(parents=True)
    (entry.folder / "m.pt").write_bytes(b"put there by somebody")
    assert order(BODY).from_network().read_bytes() == BODY


def test_a_silent_host_is_passed_over_only_when_asked_to(order):
    remember_unreachable("far.invalid", "no answer in time")
    with pytest.raises(NetworkError, match=r"far\.invalid did not answer a moment ago \(no answer in time\)"):
        order(BODY).from_network(skip_silent=True)
    assert order(BODY).from_network().read_bytes() == BODY
