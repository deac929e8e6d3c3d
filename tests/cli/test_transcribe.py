"""The command as people use it: files in, text and subtitles out, with a model that says one sentence."""

import fcntl
import json
import os
import pty
import re
import resource
import select
import signal
import struct
import termios
import threading
import time
from pathlib import Path

import pytest

from small_ctc_model import write_model
from sonovox._internal.errors import ChoiceError
from sonovox.cli.inputs import find_inputs
from sonovox.cli.transcribe import DEFAULTS, Job, chosen_formats, transcribe
from sonovox.decoding.whisper import DecodingOptions
from sonovox.inference.encoder_asr import EncoderASR
from sonovox.inference.transcript import Transcript
from talking_whisper import said, talking_whisper, write_folder

LINE = "[0:00.0 - 0:02.0] the cat sat.\n"


@pytest.fixture
def hear(sonovox_here, talking_model, tmp_path, monkeypatch):
    """`hear("a.wav", "-f", "srt")` in the test's folder, with the model that says "the cat sat."."""
    monkeypatch.chdir(tmp_path)
    return lambda *words: sonovox_here(transcribe.__name__, "--model", talking_model, "--device", "cpu", *words)


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_text_goes_to_stdout_and_the_rest_to_stderr(hear, recording):
    recording("a.wav", seconds=3.0)
    code, out, err = hear("a.wav")
    assert (code, out) == (0, LINE)
    assert re.fullmatch(r"1 file, 0:03\.0 of audio in 0:\d\d?\.\d: \d+\.\dx real time\n", err)


def test_quiet_leaves_the_text_alone(hear, recording):
    recording("a.wav")
    assert hear("a.wav", "--quiet") == (0, LINE, "")


def test_windows_follow_each_other_in_time(hear, recording):
    recording("long.wav", seconds=35.0, sample_rate=8000)
    _, out, _ = hear("long.wav")
    assert out == LINE + "[0:30.0 - 0:32.0] the cat sat.\n"


def test_several_files_have_their_names_above(hear, recording):
    recording("a.wav")
    recording("b.wav")
    assert hear("*.wav", "-q")[1] == f"a.wav:\n{LINE}b.wav:\n{LINE}"


def test_writes_every_format_so_that_it_reads_back(hear, recording, tmp_path):
    recording("a.wav", seconds=3.0)
    code, _, err = hear("a.wav", "--format", "txt,srt,vtt,json,tsv", "--output-dir", "out/deep")
    out = tmp_path / "out" / "deep"
    assert code == 0
    assert names(out) == ["a.json", "a.srt", "a.tsv", "a.txt", "a.vtt"]
    assert [line for line in err.splitlines() if line.startswith("wrote")] == [
        f"wrote out/deep/a.{kind}" for kind in ("txt", "srt", "vtt", "json", "tsv")
    ]
    assert (out / "a.txt").read_text() == "the cat sat.\n"
    assert (out / "a.srt").read_text() == "1\n00:00:00,000 --> 00:00:02,000\nthe cat sat.\n"
    assert (out / "a.vtt").read_text() == "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nthe cat sat.\n"
    assert (out / "a.tsv").read_text() == "start\tend\ttext\n0\t2000\tthe cat sat.\n"
    transcript = Transcript.from_json((out / "a.json").read_text())
    assert (transcript.text, transcript.language, transcript.duration) == ("the cat sat.", "en", 3.0)


def test_subtitles_of_a_long_sentence_are_two_lines_of_42(sonovox_here, recording, tmp_path):
    text = "it was the best of times, it was the worst of times, it was the age of wisdom, it was the age of fools"
    model = write_folder(tmp_path / "dickens", talking_whisper(said(text, 10.0)))
    path = recording("a.wav", seconds=12.0)
    sonovox_here("transcribe", path, "-m", model, "--device", "cpu", "-f", "srt", "-o", tmp_path / "out")
    cues = [cue.splitlines()[2:] for cue in (tmp_path / "out" / "a.srt").read_text().split("\n\n")]
    assert " ".join(line for lines in cues for line in lines) == text
    assert all(len(lines) <= 2 and max(map(len, lines)) <= 42 for lines in cues)


def test_files_are_written_only_when_asked_for(hear, recording, tmp_path):
    recording("a.wav")
    hear("a.wav")
    assert names(tmp_path) == ["a.wav"]
    hear("a.wav", "-o", "out")
    assert names(tmp_path / "out") == ["a.srt", "a.txt"]


def test_inputs_of_one_name_do_not_overwrite_each_other(hear, recording, tmp_path):
    recording("a.wav")
    recording("a.flac")
    assert hear("a.wav", "a.flac", "-f", "txt", "-o", "out")[0] == 0
    assert names(tmp_path / "out") == ["a.flac.txt", "a.wav.txt"]


def test_folders_keep_their_tree(hear, recording, tmp_path):
    recording("talks/mon/a.wav")
    recording("talks/tue/a.wav")
    assert hear("talks", "-f", ".TXT", "-o", "out")[0] == 0
    assert names(tmp_path / "out") == ["mon/a.txt", "tue/a.txt"]


def test_a_bad_file_does_not_stop_the_others_and_is_reported_at_the_end(hear, recording, tmp_path):
    recording("a.wav")
    (tmp_path / "b.wav").write_text("not audio at all, only its name says so")
    recording("c.wav")
    code, out, err = hear("a.wav", "b.wav", "missing.wav", "c.wav", "-f", "txt", "-o", "out")
    assert code == 1
    assert out == f"a.wav:\n{LINE}c.wav:\n{LINE}"
    assert names(tmp_path / "out") == ["a.txt", "c.txt"]
    *_, summary, heading, first, _, second, _ = err.splitlines()
    assert summary.startswith("2 files, 0:06.0 of audio in ")
    assert heading == "2 of 4 files failed:"
    assert first.startswith("error: b.wav is no sound file that sonovox knows")
    assert second == "error: there is no file missing.wav"


def test_what_breaks_after_the_header_is_reported_too(hear, recording, tmp_path):
    whole = recording("a.wav", seconds=3.0).read_bytes()
    (tmp_path / "cut.flac").write_bytes(recording("b.flac").read_bytes()[:20000])
    code, _, err = hear("a.wav", "cut.flac", "-o", "out")
    assert (code, len(whole) > 20000) == (1, True)
    assert "error: cut.flac ends before its header says: " in err
    assert names(tmp_path / "out") == ["a.srt", "a.txt"]


def test_only_bad_files_are_an_error_and_load_no_model(sonovox_here, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = sonovox_here("transcribe", "nix.wav", "--model", "turbo")
    assert (code, out) == (2, "")
    assert err == f"error: there is no file nix.wav\nhint:  look into {tmp_path.resolve()}\n"


@pytest.mark.parametrize(("debug", "shown"), [([], False), (["--debug"], True)])
def test_debug_shows_the_tracebacks_of_files(sonovox_here, debug, shown):
    assert ("Traceback (most recent call last)" in sonovox_here("transcribe", "nix.wav", *debug)[2]) == shown


def test_an_unforeseen_failure_of_one_file_does_not_stop_the_others(hear, recording, monkeypatch):
    from sonovox.inference.asr import WhisperASR

    parts = WhisperASR.parts

    def break_down_at_b(self, audios, **options):
        if audios[0].name == "b.wav":
            raise MemoryError("no room")
        return parts(self, audios, **options)

    monkeypatch.setattr(WhisperASR, "parts", break_down_at_b)
    for name in "abc":
        recording(f"{name}.wav")
    code, out, err = hear("a.wav", "b.wav", "c.wav")
    assert (code, out) == (1, f"a.wav:\n{LINE}c.wav:\n{LINE}")
    assert "error: b.wav: unexpected MemoryError: no room\n" in err


def test_silence_is_remarked(sonovox_here, recording, tmp_path):
    model = write_folder(tmp_path / "silent", talking_whisper(said(" ", 2.0)))
    path = recording("a.wav")
    code, out, err = sonovox_here("transcribe", path, "-m", model, "--device", "cpu")
    assert (code, out) == (0, "")
    assert err.startswith(f"no speech was found in {path}\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--task", "tranlate"), "task must be one of transcribe, translate, got 'tranlate'"),
        (("--language", "jerman"), "language must be one of Whisper's 100, by code or English name, got 'jerman'"),
        (("--format", "str"), "format must be one of txt, srt, vtt, json, tsv, got 'str'"),
        (("--device", "toaster"), "device 'toaster' cannot be used: "),
        (("--precision", "fp8"), "precision must be one of fp32, fp16, bf16, got 'fp8'"),
        (("--language", "de"), "this model is English-only, got language de"),
        (("--task", "translate"), "this model is English-only, got task translate"),
        (("--model", "tiny.eng"), "no model is called 'tiny.eng'"),
    ],
)
def test_a_wrong_option_is_told_once_before_any_work(hear, recording, words, message):
    recording("a.wav")
    recording("b.wav")
    code, out, err = hear("a.wav", "b.wav", *words)
    assert (code, out) == (2, "")
    assert err.startswith(f"error: {message}")
    assert len(err.splitlines()) <= 2


def test_a_file_as_output_folder_is_refused_before_any_work(hear, recording, tmp_path):
    recording("a.wav")
    code, out, err = hear("a.wav", "-o", "a.wav")
    assert (code, out) == (2, "")
    assert err == "error: cannot write into a.wav: a.wav is a file\nhint:  choose another --output-dir\n"
    assert hear("a.wav", "-o", "a.wav/below")[0] == 2


def test_a_folder_without_permission_is_refused_before_any_work(hear, recording, tmp_path, monkeypatch):
    recording("a.wav")
    (tmp_path / "locked").mkdir()
    monkeypatch.setattr("sonovox.cli.output_folder.os.access", lambda *_: False)  # the superuser may write everywhere
    code, _, err = hear("a.wav", "-o", "locked")
    assert code == 2
    assert err.startswith("error: cannot write into locked: locked is read-only")


def test_a_full_disk_leaves_nothing_half_written(sonovox_process, talking_model, recording, tmp_path):
    recording("a.wav")

    # A limit on the size of files stands for a disk without room: the first byte beyond it fails.
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))

    words = ("a.wav", "-m", talking_model, "-f", "txt,json", "-o", "out")
    process = sonovox_process("transcribe", *words, preexec_fn=limit)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, LINE)
    assert "wrote out/a.txt\n" in err  # 13 bytes
    assert "error: cannot write out/a.json: File too large\nhint:  nothing was changed there; free space" in err
    assert names(tmp_path / "out") == ["a.txt"]


def test_a_full_device_as_stdout_is_an_error_of_one_line(sonovox_process, talking_model, recording):
    recording("a.wav")
    with Path("/dev/full").open("w") as full:
        process = sonovox_process("transcribe", "a.wav", "-q", "-m", talking_model, stdout=full)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert err.splitlines()[0].endswith("No space left on device")
    assert "Traceback" not in err


def test_a_pipe_is_heard(hear, recording, tmp_path):
    path = recording("a.wav", seconds=1.0)
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    writer = threading.Thread(target=fifo.write_bytes, args=(path.read_bytes(),))
    writer.start()
    assert hear("pipe", "-q") == (0, LINE.replace("2.0", "1.0"), "")
    writer.join()


def test_control_c_leaves_whole_files_and_its_own_exit_code(sonovox_process, talking_model, recording, tmp_path):
    for i in range(60):
        recording(f"talks/{i:02}.wav", seconds=120.0, sample_rate=8000)
    process = sonovox_process("transcribe", "talks", "-m", talking_model, "-f", "json", "-o", "out")
    while not list(tmp_path.glob("out/[!.]*.json")):  # not the temporary name
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.endswith("interrupted; what was finished is kept\n")
    assert "Traceback" not in err
    written = names(tmp_path / "out")
    assert 0 < len(written) < 60
    assert all(json.loads((tmp_path / "out" / name).read_text())["duration"] == 120.0 for name in written)


@pytest.fixture
def on_a_terminal(sonovox_process):
    """Run the command on a pseudo-terminal of 100 columns; its exit code, and all that the terminal received."""

    def run(*words, **options):
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
        process = sonovox_process(*words, **({"stdin": theirs, "stdout": theirs, "stderr": theirs} | options))
        os.close(theirs)
        received = b""
        while select.select([ours], [], [], 60.0)[0]:
            try:
                received += os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
        os.close(ours)
        return process, received.decode()

    return run


def shown(received):
    """What stays on the screen: a line that was erased and written again counts as last written."""
    text = re.sub(r"\x1b\[(?!2K)[0-9;?]*[A-Za-z]", "", received)
    return [line.rpartition("\x1b[2K")[2].replace("\r", "") for line in text.split("\n")]


def test_on_a_terminal_a_bar_runs_below_the_lines(on_a_terminal, talking_model, recording, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    recording("talk [1].wav", seconds=95.0, sample_rate=8000)
    process, received = on_a_terminal("transcribe", "talk [1].wav", "-m", talking_model, "-f", "txt")
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", received)
    assert process.wait(timeout=30) == 0
    assert re.search(r"talk \[1\]\.wav ━+ 1\.6/1\.6 min  [\d.]+x real time  about 0:00 left", plain)
    assert [line for line in shown(received) if line.startswith("[")] == [
        f"[{start} - {end}] the cat sat."
        for start, end in [("0:00.0", "0:02.0"), ("0:30.0", "0:32.0"), ("1:00.0", "1:02.0"), ("1:30.0", "1:32.0")]
    ]
    assert "wrote talk [1].txt" in shown(received)
    assert shown(received)[-2].startswith("1 file, 1:35.0 of audio in ")


def test_on_a_terminal_text_can_still_be_sent_to_a_file(on_a_terminal, talking_model, recording, tmp_path, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    recording("a.wav")
    with (tmp_path / "text").open("w") as target:
        process, received = on_a_terminal("transcribe", "a.wav", "-m", talking_model, stdout=target)
    assert process.wait(timeout=30) == 0
    assert (tmp_path / "text").read_text() == LINE
    assert "the cat sat" not in received


@pytest.fixture(scope="module")
def letters(tmp_path_factory):
    """The folder of a run, with the model that it trained in it: it spells letters."""
    run = tmp_path_factory.mktemp("run")
    write_model(run / "model")
    return run


def test_a_trained_folder_is_a_model(sonovox_here, recording, letters, tmp_path):
    path = recording("a.wav", seconds=3.0)
    words = ("transcribe", path, "--model", letters, "--device", "cpu", "-q", "-f", "json", "-o", tmp_path / "out")
    code, out, err = sonovox_here(*words)
    text = EncoderASR.from_hparams(letters).transcribe_file(path)
    assert (code, out, err) == (0, f"[0:00.0 - 0:03.0] {text}\n", "")
    assert len(text) > 0
    transcript = Transcript.from_json((tmp_path / "out" / "a.json").read_text())
    assert (transcript.text, transcript.language, transcript.duration) == (text, None, 3.0)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--beam", "5"), "this model has no options for decoding, got beam_size=5"),
        (
            ("--language", "de", "--task", "translate"),
            "this model has no options for decoding, got task='translate', l",
        ),
        (("--prompt", "names"), "this model has no options for decoding, got initial_prompt='names'"),
        (("--condition",), "this model has no options for decoding, got condition_on_previous_text=True"),
        (("--precision", "fp16"), "{letters} works in fp32, got precision 'fp16'"),
    ],
)
def test_options_that_a_trained_model_lacks_are_told(sonovox_here, recording, letters, words, message):
    code, out, err = sonovox_here("transcribe", recording("a.wav"), "-m", letters, "--device", "cpu", *words)
    assert (code, out) == (2, "")
    assert err.startswith(f"error: {message.format(letters=letters)}")
    assert err.splitlines()[1:] in (["hint:  leave them out"], ["hint:  leave precision out"])


def test_a_pipe_is_heard_by_a_trained_model(sonovox_here, recording, letters, tmp_path):
    content = recording("a.wav").read_bytes()
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(content,))
    writer.start()
    of_pipe = sonovox_here("transcribe", tmp_path / "pipe", "-q", "-m", letters, "--device", "cpu")
    writer.join()
    assert of_pipe == sonovox_here("transcribe", tmp_path / "a.wav", "-q", "-m", letters, "--device", "cpu")


def test_options_that_are_left_out_are_those_of_the_search():
    search = DecodingOptions()
    assert {name: getattr(search, name) for name in DEFAULTS} == DEFAULTS


def test_formats_are_taken_in_any_spelling_and_once():
    assert chosen_formats(" SRT, .json,srt,", None) == ["srt", "json"]
    assert chosen_formats("", None) == []
    assert chosen_formats("", Path("out")) == ["txt", "srt"]
    with pytest.raises(ChoiceError, match="got 'jsn'; did you mean json"):
        chosen_formats("jsn", None)


def test_a_job_knows_the_lengths_before_it_runs(recording, tmp_path):
    recording("a.wav", seconds=3.0)
    inputs = find_inputs([str(tmp_path / "a.wav"), str(tmp_path / "b.wav")])
    job = Job(inputs, [], tmp_path, quiet=True, debug=False)
    assert job.durations == {inputs[0]: 3.0}
    assert list(job.failures) == [inputs[1]]


def test_a_model_that_does_not_tell_times_says_so(sonovox_here, speechbrain_reference, speech_manifest, tmp_path):
    (speech,) = (item["audio"] for item in speech_manifest("librispeech") if item["id"] == "2414-128291-0009")
    words = ("transcribe", str(speech), "-o", str(tmp_path / "out"), "-f", "json", "--device", "cpu", "--model")
    told = "this model does not tell when words are said"
    for case, has_times in {"asr-crdnn-rnnlm": False, "asr-conformer": True}.items():
        code, out, err = sonovox_here(*words, str(speechbrain_reference / case / "model"))
        assert code == 0
        assert "BUT BEHOLD" in out
        assert (told in err) is not has_times
        content = json.loads((tmp_path / "out" / f"{speech.stem}.json").read_text())
        assert [bool(segment["words"]) for segment in content["segments"]] == [has_times]
