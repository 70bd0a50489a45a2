"""Regenerates the valid vectors: `python -m tests.vectors`."""

from . import FOLDER, dump
from .build import FILES

for name, build in FILES.items():
    path = FOLDER / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    vectors = build()
    path.write_text(dump(vectors))
    print(f"{path.relative_to(FOLDER.parent.parent)}: {len(vectors)}")
