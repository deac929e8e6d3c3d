"""Corpora in the layouts in which they are published, with noise for speech, of a few items each."""

import numpy as np
import soundfile


def noise(path, seconds, rate=16000, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = 0.1 * np.random.default_rng(len(str(path.name))).standard_normal(round(seconds * rate))
    soundfile.write(path, samples, rate, **options)


LIBRISPEECH = ("train-clean-100", "train-clean-360", "train-other-500", "dev-clean", "test-clean")


def librispeech(root, count=3):
    """Utterances of 0.5 s, 0.6 s and so on, in each split, of one speaker and chapter."""
    for number, split in enumerate(LIBRISPEECH, 19):
        folder = root / "LibriSpeech" / split / str(number) / "198"
        names = [f"{number}-198-{i:04d}" for i in range(count)]
        for i, name in enumerate(names):
            noise(folder / f"{name}.flac", 0.5 + i / 10)
        (folder / f"{number}-198.trans.txt").write_text(
            "".join(f"{name} TAKE {'AB'[i % 2]}\n" for i, name in enumerate(names))
        )
    return root


def timit(root):
    """Two sentences of a speaker of each part and of one of none, in NIST's own format and in capitals."""
    labels = (
        "0 800 h#\n800 1200 tcl\n1200 1600 t\n1600 2000 ix\n2000 2200 q\n2200 2600 ax-h\n2600 2800 pau\n2800 8000 h#\n"
    )
    for part, speaker in (("TRAIN", "FCJF0"), ("TEST", "FAKS0"), ("TEST", "MDAB0"), ("TEST", "XXXX0")):
        folder = root / part / "DR1" / speaker
        for sentence in ("SA1", "SI1027"):
            noise(folder / f"{sentence}.WAV", 0.5, format="NIST", subtype="PCM_16")
            (folder / f"{sentence}.PHN").write_text(labels)
            (folder / f"{sentence}.WRD").write_text("800 2000 it\n2000 2800 is\n")
        (folder / "SI1027.WAV.wav").touch()
    return root


def fluent_speech_commands(root):
    """Commands of two actions and objects in each part."""
    top = root / "fluent_speech_commands_dataset"
    (top / "data").mkdir(parents=True)
    for part in ("train", "valid", "test"):
        lines = [",path,speakerId,transcription,action,object,location"]
        for i, slots in enumerate(("change language,lights,none", "activate,lamp,none")):
            path = f"wavs/speakers/s1/{part}{i}.wav"
            noise(top / path, 0.5)
            lines.append(f"{i},{path},s1,Turn on the lights,{slots}")
        (top / "data" / f"{part}_data.csv").write_text("\n".join(lines) + "\n")
    return root


def iemocap(root):
    """A dialogue a session: of each speaker one turn of each label."""
    for session in range(1, 6):
        dialog = f"Ses0{session}F_impro01"
        lines = ["% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]", ""]
        for letter in "FM":
            for number, label in enumerate(("neu", "exc", "hap", "sad", "ang", "fru", "xxx")):
                name = f"{dialog}_{letter}{number:03d}"
                noise(root / f"Session{session}" / "sentences" / "wav" / dialog / f"{name}.wav", 0.3)
                lines += [f"[6.2901 - 8.2357]\t{name}\t{label}\t[2.5000, 2.5000, 2.5000]", "C-E2:\tNeutral;\t()"]
        evaluation = root / f"Session{session}" / "dialog" / "EmoEvaluation"
        evaluation.mkdir(parents=True)
        (evaluation / f"{dialog}.txt").write_text("\n".join(lines))
    return root


def speaker_folders(root, speakers=("id1", "id2"), videos=20):
    """Two takes of each video of each speaker, as in VoxCeleb's `wav/`."""
    for speaker in speakers:
        for video in range(videos):
            for take in range(2):
                noise(root / speaker / f"v{video}" / f"{take}.wav", 0.2)
    return root
