"""
One hash for everything that is known by its content: documents, rulers, baselines, alerts, settings, deliveries.

Who is identified by what is said where the thing is; a file's content hash is the usual sha256, so that people can check it.
"""

from __future__ import annotations


def identity(*parts: str) -> str:
    """
    Return the `_id` of what `parts` name: 32 hexadecimal digits, the same wherever and whenever it is made.

    Every part is preceded by its length, so that no two lists of parts run together.

    >>> identity("ab", "c") == identity("a", "bc")
    False
    """
    from hashlib import blake2b  # costs milliseconds, which a service that names no ids need not pay

    digest = blake2b(digest_size=16)
    for part in parts:
        octets = part.encode("utf-8", "surrogatepass")
        digest.update(len(octets).to_bytes(4, "big"))
        digest.update(octets)
    return digest.hexdigest()
