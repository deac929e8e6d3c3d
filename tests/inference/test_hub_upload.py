"""Pushing a model folder to a small hub on this machine, which answers as the hub does."""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from small_encoder import write_folder
from sonovox._internal.errors import (
    ArgumentError,
    HParamsError,
    NetworkError,
    NotInSourceError,
    SourceError,
    WeightsError,
)
from sonovox.inference import push_to_hub
from sonovox.inference.hub_upload import card_of


class _Hub(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_POST(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        self.server.requests.append((self.path, self.headers.get("Authorization"), body))
        status = next((code for part, code in self.server.troubles.items() if part in self.path), 200)
        answer = {"error": "trouble"} if status != 200 else self.answer(json.loads(body.partition(b"\n")[0]))
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def answer(self, asked):
        address = self.server.address
        if self.path == "/api/repos/create":
            return {"url": f"{address}/{asked.get('organization', 'me')}/{asked['name']}"}
        if "/preupload/" in self.path:
            files = [{"path": file["path"], "uploadMode": "regular", "shouldIgnore": False} for file in asked["files"]]
            return {"files": files}
        return {"commitUrl": f"{address}/acme/letters/commit/1", "commitOid": "1", "success": True}


@pytest.fixture
def hub(monkeypatch):
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hub)
    server.daemon_threads = True
    server.requests, server.troubles, server.address = [], {}, f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", server.address)
    monkeypatch.setenv("HF_TOKEN", "hf_write")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def committed(hub):
    """The files of the commit."""
    (body,) = [body for path, _, body in hub.requests if "/commit/" in path]
    parts = [json.loads(line) for line in body.splitlines()]
    assert parts[0]["key"] == "header"
    files = [part["value"] for part in parts[1:]]
    return {file["path"]: base64.b64decode(file["content"]) for file in files}


def test_the_model_comes_up_in_one_commit_with_its_card(hub, ctc_folder):
    (ctc_folder.parent / "notes.py").touch()
    assert push_to_hub(ctc_folder, "acme/letters") == f"{hub.address}/acme/letters"
    files = committed(hub)
    assert sorted(files) == ["README.md", "encoder.safetensors", "hyperparams.yaml", "tokenizer.txt"]
    assert files["encoder.safetensors"] == (ctc_folder / "encoder.safetensors").read_bytes()
    card = files["README.md"].decode()
    assert card.startswith("---\nlibrary_name: sonovox\npipeline_tag: automatic-speech-recognition\n")
    assert 'EncoderASR.from_hparams("acme/letters")' in card
    assert "sonovox transcribe --model acme/letters recording.wav" in card
    assert {authorization for _, authorization, _ in hub.requests} == {"Bearer hf_write"}


def test_a_run_with_its_model_below_and_a_token_of_ones_own(hub, ctc_folder, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "model").symlink_to(ctc_folder)
    push_to_hub(tmp_path / "run", "hf:acme/letters", private=True, token="hf_other")  # noqa: S106
    assert {authorization for _, authorization, _ in hub.requests} == {"Bearer hf_other"}
    asked = json.loads(hub.requests[0][2])
    assert asked.get("private") is True or asked.get("visibility") == "private"  # as the version of the client has it


def test_a_card_with_its_own_head_is_left_as_it_is(tmp_path):
    (tmp_path / "README.md").write_text("---\nlicense: mit\n---\n# Mine\n")
    assert card_of(tmp_path, "acme/letters", "VAD") == "---\nlicense: mit\n---\n# Mine\n"
    (tmp_path / "README.md").unlink()
    assert card_of(tmp_path, "acme/letters", "").endswith("\n# letters\n")


@pytest.mark.parametrize(
    ("path", "status", "error", "complaint"),
    [
        ("/create", 401, NotInSourceError, "does not let this token write to acme/letters"),
        ("/create", 403, NotInSourceError, "does not let this token write to acme/letters"),
        ("/commit/", 403, NotInSourceError, "does not let this token write to acme/letters"),
        ("/commit/", 422, NetworkError, "the hub answers 422 to writing acme/letters"),
    ],
)
def test_what_the_hub_refuses_is_told(path, status, error, complaint, hub, ctc_folder):
    hub.troubles[path] = status
    with pytest.raises(error, match=complaint):
        push_to_hub(ctc_folder, "acme/letters")


def test_a_hub_that_cannot_be_reached_is_told(hub, ctc_folder, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(NetworkError, match="cannot write acme/letters: connection refused"):
        push_to_hub(ctc_folder, "acme/letters")


def test_what_readers_would_refuse_is_refused_before_anything_is_sent(hub, tmp_path, ctc_folder):
    with pytest.raises(ArgumentError, match=r"is no model folder: it holds no hyperparams.yaml"):
        push_to_hub(tmp_path, "acme/letters")
    for name in ("acme/letters/file", "acme/letters@v1"):
        with pytest.raises(ArgumentError, match="repository must be owner/name"):
            push_to_hub(ctc_folder, name)
    with pytest.raises(SourceError):
        push_to_hub(ctc_folder, "letters")
    (tmp_path / "hyperparams.yaml").write_text("evil: !new:os.system [ls]")
    with pytest.raises(HParamsError):
        push_to_hub(tmp_path, "acme/letters")
    (tmp_path / "hyperparams.yaml").write_text("modules: {}")
    (tmp_path / "secret.txt").symlink_to("/etc/passwd")
    with pytest.raises(ArgumentError, match=r"has links: secret.txt"):
        push_to_hub(tmp_path, "acme/letters")
    assert hub.requests == []


def test_a_hugging_face_folder_of_a_fine_tuning_comes_up_as_it_is(hub, tmp_path):
    folder = write_folder(tmp_path / "exp" / "model", aux_num_out=6)
    (folder / "README.md").write_text(
        "---\nlibrary_name: sonovox\n---\n\n# exp\n\nsonovox transcribe --model exp x.wav\n"
    )
    push_to_hub(tmp_path / "exp", "acme/letters")
    files = committed(hub)
    assert {"config.json", "model.safetensors", "preprocessor_config.json", "vocab.json", "README.md"} <= set(files)
    assert files["config.json"] == (folder / "config.json").read_bytes()
    card = files["README.md"].decode()
    assert card.startswith("---\nlibrary_name: sonovox\n---\n")
    assert "sonovox transcribe --model acme/letters x.wav" in card


def test_a_hugging_face_folder_of_another_model_is_refused(hub, tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(WeightsError, match="describes a bert"):
        push_to_hub(tmp_path, "acme/letters")
    assert not hub.requests
