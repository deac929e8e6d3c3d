"""TIMIT: 6300 American English sentences with the times of their phones.

Garofolo et al., "DARPA TIMIT acoustic-phonetic continuous speech corpus", NIST 1993 (LDC93S1). Sets of 48
and 39 phones: Lee and Hon, "Speaker-independent phone recognition using hidden Markov models", 1989, table II.
The speakers of validation and of the core test are those of Kaldi's recipe (Halberstadt, 1998, and the corpus itself).
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sonovox._internal.checks import check_choice
from sonovox._internal.errors import DataError
from sonovox.data import audio_duration
from sonovox.datasets.manifests import corpus_folder, with_progress, write_manifests

__all__ = ["CORE_TEST", "PHONES", "VALIDATION", "fold_phone", "prepare_timit"]

_PHONES = (
    "aa ae ah ao aw ax ax-h axr ay b bcl ch d dcl dh dx eh el em en eng epi er ey f g gcl h# hh hv ih ix iy jh k kcl "
    "l m n ng nx ow oy p pau pcl q r s sh t tcl th uh uw ux v w y z zh"
)
PHONES = tuple(_PHONES.split())
_FOLDED_48 = "ax-h:ax axr:er em:m eng:ng hv:hh nx:n ux:uw bcl:vcl dcl:vcl gcl:vcl kcl:cl pcl:cl tcl:cl h#:sil pau:sil"
_FOLDED_39 = "ao:aa ax:ah el:l en:n ix:ih zh:sh cl:sil vcl:sil epi:sil"
_TO_48, _TO_39 = (
    {a: b for a, _, b in (pair.partition(":") for pair in folded.split())} for folded in (_FOLDED_48, _FOLDED_39)
)
_CORE_TEST = (
    "mdab0 mwbt0 felc0 mtas1 mwew0 fpas0 mjmp0 mlnt0 fpkt0 mlll0 mtls0 fjlm0 mbpm0 mklt0 fnlp0 mcmj0 mjdh0 fmgd0 "
    "mgrt0 mnjm0 fdhc0 mjln0 mpam0 fmld0"
)
CORE_TEST = frozenset(_CORE_TEST.split())
_VALIDATION = (
    "faks0 fdac1 fjem0 mgwt0 mjar0 mmdb1 mmdm2 mpdf0 fcmh0 fkms0 mbdg0 mbwm0 mcsh0 fadg0 fdms0 fedw0 mgjf0 mglb0 "
    "mrtk0 mtaa0 mtdt0 mthc0 mwjg0 fnmr0 frew0 fsem0 mbns0 mmjr0 mdls0 mdlf0 mdvc0 mers0 fmah0 fdrw0 mrcs0 mrjm4 "
    "fcal1 mmwh0 fjsj0 majc0 mjsw0 mreb0 fgjd0 fjmg0 mroa0 mteb0 mjfc0 mrjr0 fmml0 mrws1"
)
VALIDATION = frozenset(_VALIDATION.split())


def prepare_timit(
    data_folder: str | os.PathLike[str],
    save_json_train: str | os.PathLike[str],
    save_json_valid: str | os.PathLike[str],
    save_json_test: str | os.PathLike[str],
    phn_set: int = 39,
    uppercase: bool = False,
    skip_prep: bool = False,
) -> None:
    """Write the items of training, validation and the core test.

    Items have wav (the path), duration in seconds, spk_id, phn (phones with spaces between them), wrd (words) and
    ground_truth_phn_ends (the last sample of each phone, with spaces between them). The two sentences that all
    speakers read ("sa") are left out. In the smaller sets phones of silence that follow each other are one, and the
    glottal stop q is none.

    Args:
        data_folder: the corpus, with the folders of training and test.
        save_json_train: where to write, `.json` or `.csv`.
        save_json_valid: likewise.
        save_json_test: likewise.
        phn_set: 60, 48 or 39 phones.
        uppercase: names of the files in capitals, as on some discs; found out where it is False.
        skip_prep: the files are there; nothing is looked at.

    Raises:
        ArgumentError: another `phn_set`.
        DataError: the folder is no TIMIT, or a label is no phone.
    """
    check_choice("phn_set", str(phn_set), ("39", "48", "60"))
    files = {"train": save_json_train, "valid": save_json_valid, "test": save_json_test}

    def read() -> dict[str, dict[str, dict[str, Any]]]:
        root = corpus_folder(data_folder)
        names = {path.name.lower(): path for path in root.iterdir() if path.is_dir()}
        if not {"train", "test"} <= set(names) or (uppercase and names["train"].name != "TRAIN"):
            raise DataError(
                f"{root} has no {'TRAIN and TEST' if uppercase else 'train and test'}",
                hint="data_folder is the folder TIMIT of the corpus",
            )
        parts: dict[str, dict[str, dict[str, Any]]] = {"train": {}, "valid": {}, "test": {}}
        sounds = [*_sounds(names["train"]), *_sounds(names["test"])]
        for sound in with_progress(sounds, "TIMIT"):
            speaker = sound.parent.name.lower()
            in_training = names["train"] in sound.parents
            part = "train" if in_training else "test" if speaker in CORE_TEST else "valid"
            if in_training or speaker in CORE_TEST | VALIDATION:
                parts[part][f"{speaker}_{sound.stem.lower()}"] = _item(sound, speaker, phn_set)
        return parts

    settings = {"data_folder": str(data_folder), "phn_set": phn_set}
    write_manifests(files, read, settings, skip_prep=skip_prep)


def fold_phone(phone: str, phn_set: int = 39) -> str | None:
    """The phone of a smaller set that stands for one of the corpus; None for the glottal stop, which it drops.

    >>> [fold_phone(phone) for phone in ("axr", "tcl", "h#", "zh", "q")]
    ['er', 'sil', 'sil', 'sh', None]
    >>> fold_phone("tcl", 48), fold_phone("tcl", 60)
    ('cl', 'tcl')

    Raises:
        DataError: it is no phone of TIMIT.
    """
    if phone not in PHONES:
        raise DataError(f"{phone!r} is no phone of TIMIT")
    if phone == "q":
        return None
    if phn_set == 60:
        return "sil" if phone == "h#" else phone
    folded = _TO_48.get(phone, phone)
    return _TO_39.get(folded, folded) if phn_set == 39 else folded


def _sounds(folder: Path) -> list[Path]:
    """Sentences that only some speakers read; copies that tools make, such as `SI1027.WAV.wav`, are passed over."""
    found = (path for path in folder.rglob("*") if path.suffix.lower() == ".wav" and "." not in path.stem)
    return sorted(path for path in found if not path.name.lower().startswith("sa"))


def _item(sound: Path, speaker: str, phn_set: int) -> dict[str, Any]:
    phones: list[str] = []
    ends: list[str] = []
    for end, label in _labels(sound, ".phn"):
        phone = fold_phone(label, phn_set)
        if phone is None:
            continue
        if phn_set != 60 and phone == "sil" and phones[-1:] == ["sil"]:
            ends[-1] = end
            continue
        phones.append(phone)
        ends.append(end)
    return {
        "duration": audio_duration(sound),
        "wav": str(sound),
        "spk_id": speaker,
        "phn": " ".join(phones),
        "wrd": " ".join(word for _, word in _labels(sound, ".wrd")),
        "ground_truth_phn_ends": " ".join(ends),
    }


def _labels(sound: Path, ending: str) -> Iterator[tuple[str, str]]:
    """The last sample and the label of each line `first last label`."""
    path = next(
        (sound.with_suffix(each) for each in (ending, ending.upper()) if sound.with_suffix(each).exists()), None
    )
    if path is None:
        raise DataError(f"there is no {ending} beside {sound}", hint="data_folder is the folder TIMIT of the corpus")
    for line in path.read_text(encoding="ascii").splitlines():
        fields = line.split()
        if len(fields) != 3:
            raise DataError(f"{path}: two samples and a label were expected, got {line!r}")
        yield fields[1], fields[2]
