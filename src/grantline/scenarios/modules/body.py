"""Bodies that hold files of earlier modules: opened here, and read while they are sent."""

from __future__ import annotations

from typing import Any

from grantline.calls.bodies.multipart import Part, SourcePart, multipart_upload
from grantline.calls.bodies.upload import Upload
from grantline.scenarios.mapping.request import Filled, MappedFile
from grantline.scenarios.modules.files import Files, OpenedFile
from grantline.scenarios.modules.surroundings import Surroundings


def upload_of(filled: Filled, surroundings: Surroundings) -> tuple[Upload | None, Any]:
    """The body of ``filled`` where it holds files, and what it is, for people.

    Raises:
        InvalidInput: A file is not there.
    """
    files = surroundings.files
    if filled.file is not None:
        found = _opened(filled.file, files)
        return Upload(found.source, found.media_type), _told(found)
    if not filled.parts:
        return None, None
    parts: list[Part | SourcePart] = []
    told: dict[str, Any] = {}
    for each in filled.parts:
        if isinstance(each, Part):
            parts.append(each)
            told[each.name] = each.data.decode("utf-8", "replace")
        else:
            found = _opened(each, files)
            parts.append(SourcePart(each.part, found.source, found.name, found.media_type))
            told[each.part] = _told(found)
    boundary = f"grantline-{surroundings.engine.context.entropy(20).hex()}"
    return multipart_upload(parts, boundary=boundary), told


def _opened(mapped: MappedFile, files: Files) -> OpenedFile:
    found = files.open(mapped.value, field=mapped.field)
    return OpenedFile(
        found.source, mapped.filename or found.name, mapped.media_type or found.media_type
    )


def _told(found: OpenedFile) -> dict[str, Any]:
    return {"file": found.name, "media_type": found.media_type, "size": found.source.size}
