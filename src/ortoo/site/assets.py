"""Style sheets and scripts, sent compressed: a clerk's first visit is on a slow line.

WhiteNoise compresses when files are collected for a release. An installation here is served from
the packages as they are, so each file is compressed once, when a process first meets its contents,
and kept in the installation's own folder under the digest of those contents: never stale, and safe
when several processes start together.
"""

from __future__ import annotations

import gzip
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from wsgiref.headers import Headers

from django.conf import settings
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

TEXT = {".css", ".js", ".svg", ".json", ".txt"}
# Below this the headers weigh as much as what is saved.
LEAST_BYTES = 500


class CompressedAssets(WhiteNoiseMiddleware):
    """WhiteNoise with a gzip and a brotli twin of every text file."""

    def get_static_file(self, path: str, url: str, stat_cache: Any = None) -> StaticFile:
        """The file and its twins; without them where the folder cannot be written."""
        twins = compressed(Path(path), Path(settings.HOME) / "compressed")
        if not twins:
            return super().get_static_file(path, url, stat_cache=stat_cache)
        headers = Headers([])
        self.add_mime_headers(headers, path, url)
        self.add_cache_headers(headers, path, url)
        if self.allow_all_origins:
            headers["Access-Control-Allow-Origin"] = "*"
        return StaticFile(path, headers.items(), encodings=twins)


def compressed(path: Path, folder: Path) -> Mapping[str, str]:
    """Encoding → path of the compressed twin of a text file; {} where there is none."""
    if path.suffix not in TEXT:
        return {}
    contents = path.read_bytes()
    if len(contents) < LEAST_BYTES:
        return {}
    name = hashlib.sha256(contents).hexdigest()[:32]
    twins = {"gzip": folder / f"{name}.gz", "br": folder / f"{name}.br"}
    try:
        for encoding, twin in twins.items():
            if not twin.exists():
                _write(twin, _squeeze(contents, encoding))
    except OSError:
        return {}
    return {encoding: str(twin) for encoding, twin in twins.items()}


def _squeeze(contents: bytes, encoding: str) -> bytes:
    if encoding == "gzip":
        return gzip.compress(contents, 9, mtime=0)
    import brotli

    return bytes(brotli.compress(contents))


def _write(path: Path, contents: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f"{path.suffix}.{os.getpid()}")
    fresh.write_bytes(contents)
    fresh.replace(path)
