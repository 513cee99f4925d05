"""The key in the data folder: it signs log-ins and seals secrets that wait."""

import os
import secrets
from pathlib import Path


def secret_key(folder: Path) -> bytes:
    """The key kept in the data folder; made on the first start, readable by nobody else."""
    path = folder / "secret.key"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_hex(32).encode())
    return path.read_bytes()
