"""*Download a file*: of any size, into the folder for files or for as long as the run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grantline.calls.bodies.multipart import BINARY_TYPE
from grantline.calls.expressions import fill_text
from grantline.errors import InvalidInput
from grantline.messages import Headers, first_value
from grantline.scenarios.definition.modules import DownloadFile
from grantline.scenarios.modules.files import arrived_name, safe_name
from grantline.scenarios.modules.http_call import Ready
from grantline.scenarios.modules.outcome import Bundle
from grantline.scenarios.modules.surroundings import Surroundings


async def download_file(
    does: DownloadFile, request: Ready, names: Mapping[str, Any], surroundings: Surroundings
) -> Bundle:
    """The file, whole. The same step carried out again goes on with what there is of it.

    Raises:
        InvalidInput: The folder or the name is none, or a file has the name already.
        GrantlineError: The file could not be had.
    """
    if request.upload is not None:
        raise InvalidInput(
            "A file cannot be asked for with another file as body.",
            field="body",
            hint="Send JSON, a form or text.",
        )
    folder, name = fill_text(does.folder, names).strip(), fill_text(does.name, names).strip()
    if name:
        safe_name(name, field="name")  # before anything is asked for
    run_id, step, files = surroundings.run_id, surroundings.step, surroundings.files

    def choose(url: str, headers: Headers) -> Path:
        return files.target(folder, name or arrived_name(url, headers), run_id=run_id, step=step)

    done = await surroundings.engine.download(
        surroundings.actor,
        request.spec,
        choose,
        connection_id=request.call.connection_id,
        credentials=request.call.credentials,
        cookies=request.cookies,
        # A folder of the step's own holds nothing that could be lost.
        overwrite=does.overwrite or not folder,
        keep=files.arriving(run_id, step),
    )
    media_type = first_value(done.headers, "content-type") or BINARY_TYPE
    return {
        "file": files.bundle_of(done.path, media_type, done.size),
        "status": done.status,
        "url": done.url,
        "resumes": done.resumes,
    }
