from sonovox.hub.cache import Cache
from sonovox.hub.sources import WebSource
from sonovox.hub.web import WebOrder


def test_the_file_keeps_its_name_below_the_host(web, cache_folder, recorder):
    order = WebOrder(WebSource(web.put("/models/tiny.pt", b"weights")), Cache(cache_folder), recorder)
    path = order.from_network()
    assert path.read_bytes() == b"weights"
    assert path.relative_to(cache_folder).parts[:2] == ("web", order.host.replace(":", "_"))
    assert path.name == "tiny.pt"
    assert order.host == web.address.removeprefix("http://")


def test_a_known_hash_allows_to_resume_without_a_tag(web, cache_folder, recorder):
    body = b"0123456789"
    url = web.put("/tiny.pt", body, headers={}, troubles=[("drop", 4)])
    sha256 = "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882"
    path = WebOrder(WebSource(url), Cache(cache_folder), recorder, sha256).from_network()
    assert path.read_bytes() == body
    assert web.header("Range") == [None, "bytes=4-"]
