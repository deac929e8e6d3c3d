"""What `make demo` does: a real recording to text, subtitles and a picture, and voices told apart.

python examples/demo.py              the passage that opens A Tale of Two Cities
python examples/demo.py talk.wav     a recording of your own
"""

import resource
import sys
import textwrap
import time
from pathlib import Path

import sonovox
from sonovox import hub
from sonovox._internal.errors import SonovoxError
from sonovox.inference import SpeakerRecognition, WhisperASR
from sonovox.inference.transcript import Transcript
from sonovox.metrics.error_rate import word_error_rate
from sonovox.text.english import normalize_english

RECORDING = "pypi:moonshine-voice==0.1.5/moonshine_voice/assets/two_cities.wav"
RECORDING_SHA256 = "f3348494d77cb74a02862f5e685ed09faf3e75832c5cc5c80703282c2cd8b52e"
# The same reader once more, and somebody else.
SAME_VOICE = "pypi:moonshine-voice==0.1.5/moonshine_voice/assets/beckett.wav"
SAME_VOICE_SHA256 = "e5a26b3d29e5b0bc8dbd72c11d16a3808a4ec0ac45b21f12a27d2a2fe5c5ae61"
OTHER_VOICE = "pypi:moonshine-voice==0.1.5/moonshine_voice/assets/clone-test.wav"
OTHER_VOICE_SHA256 = "ff0313f1b99468ac425304ba7f8deada003efbada014863a475cb8bda87a6191"
PASSAGE = """
It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness,
it was the epoch of belief, it was the epoch of incredulity, it was the season of Light, it was the season of
Darkness, it was the spring of hope, it was the winter of despair, we had everything before us, we had nothing
before us, we were all going direct to Heaven, we were all going direct the other way - in short, the period was
so far like the present period, that some of its noisiest authorities insisted on its being received, for good or
for evil, in the superlative degree of comparison only.
"""


def main() -> None:
    """Transcribe, measure, write, draw."""
    if len(sys.argv) > 1:
        audio, passage = Path(sys.argv[1]), ""
    else:
        audio, passage = hub.fetch(RECORDING, sha256=RECORDING_SHA256), PASSAGE
    asr = WhisperASR.from_pretrained("tiny.en")
    print(f"\n{audio.name}, {sonovox.info(audio).duration:.1f} s, heard by Whisper tiny.en on {asr.device}:\n")

    began = time.perf_counter()
    segments, language, duration = [], "", 0.0
    for part in asr.parts([audio]):
        language, duration = part.language, part.duration
        for segment in part.segments:
            segments.append(segment)
            print(f"  {segment.start:6.2f} - {segment.end:6.2f}  {segment.text}", flush=True)
    elapsed = time.perf_counter() - began
    transcript = Transcript(tuple(segments), language=language, duration=duration)

    print()
    if passage:
        result = word_error_rate([passage], [transcript.text], normalize=normalize_english)
        print(f"word error rate   {result}")
    print(f"real-time factor  {elapsed / duration:.3f} ({duration / elapsed:.1f} times faster than speech)")
    # Linux counts in kB, macOS in bytes.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(f"peak memory       {peak / 1e6:.0f} MB, torch and the model included")

    folder = Path("demo")
    for kind in ("srt", "json"):
        transcript.save(folder / f"{audio.stem}.{kind}")
        print(f"wrote             {folder / audio.stem}.{kind}")
    picture = folder / f"{audio.stem}.png"
    draw(audio, transcript, picture)
    print(f"wrote             {picture}")
    compare_voices(audio)


def compare_voices(audio: Path) -> None:
    """Whether the voice is that of two other recordings."""
    speakers = SpeakerRecognition.from_hparams("speechbrain/spkrec-ecapa-voxceleb")
    voice = speakers.encode_file(audio)
    print(f"\nthe voice of {audio.name}, compared by ECAPA-TDNN:\n")
    for source, sha256 in ((SAME_VOICE, SAME_VOICE_SHA256), (OTHER_VOICE, OTHER_VOICE_SHA256)):
        other = hub.fetch(source, sha256=sha256)
        score, same = speakers.verify_embeddings(voice, speakers.encode_file(other))
        print(f"  {other.name:16}  score {score.item():6.3f}  {'SAME' if same.item() else 'DIFFERENT'}")


def draw(audio: Path, transcript: Transcript, target: Path, *, at_most_s: float = 60.0) -> None:
    """The log-mel spectrogram with the segments over it; of a long recording its beginning."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    rate = sonovox.info(audio).sample_rate
    waveform, _ = sonovox.load(audio, num_frames=round(at_most_s * rate), sample_rate=16000, mono=True)
    mel = sonovox.functional.log_mel_spectrogram(waveform[0])
    seconds = mel.shape[-1] / 100
    figure, (image, words) = plt.subplots(
        2, 1, figsize=(14, 6), sharex=True, height_ratios=(3, 1.4), layout="constrained"
    )
    image.imshow(mel, origin="lower", aspect="auto", cmap="magma", extent=(0, seconds, 0, mel.shape[0]))
    image.set_ylabel("mel band")
    image.set_title(f"{audio.name}: log-mel spectrogram and what was heard")
    rows = 3
    for i, segment in enumerate(s for s in transcript.segments if s.start < seconds):
        image.axvline(segment.start, color="white", linewidth=0.8, alpha=0.7)
        y = rows - 1 - i % rows
        words.barh(y, segment.end - segment.start, left=segment.start, height=0.92, color=f"C{i % rows}", alpha=0.25)
        # The axis is some 240 characters of this size wide.
        width = max(8, int(240 / seconds * (segment.end - segment.start)))
        lines = textwrap.wrap(segment.text, width, max_lines=5, placeholder=" …")
        words.text(segment.start + seconds / 500, y, "\n".join(lines), va="center", fontsize=6.5, clip_on=True)
    words.set_xlim(0, seconds)
    words.set_ylim(-0.5, rows - 0.5)
    words.set_yticks([])
    words.set_xlabel("seconds")
    target.parent.mkdir(exist_ok=True)
    figure.savefig(target, dpi=110)


if __name__ == "__main__":
    try:
        main()
    except SonovoxError as error:
        sys.exit(f"error: {error.message}\nhint:  {error.hint}" if error.hint else f"error: {error.message}")
