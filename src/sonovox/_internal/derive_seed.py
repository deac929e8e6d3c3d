"""Seeds that follow from a seed, an epoch and a name."""

import hashlib

__all__ = ["derive_seed"]


def derive_seed(seed: int, epoch: int, name: str) -> int:
    """64 bits that depend on all three, and tell nothing of those of the next epoch or of another name.

    >>> derive_seed(1, 0, "1688-142285-0000")
    14168760637913898664
    """
    words = f"{seed}/{epoch}/{name}".encode()
    return int.from_bytes(hashlib.blake2b(words, digest_size=8).digest(), "little")
