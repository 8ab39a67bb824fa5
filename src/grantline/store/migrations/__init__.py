"""Every step from an older schema to this one, run by ``open_store``.

Revisions come in pairs, so that old and new code can share a database while a deployment rolls.
A ``pre_`` revision only adds: the code of the version before still works on it. A ``post_``
revision takes away what that older code needed, and raises ``instance.usable_from``.

``REVISION`` is the last ``pre_`` revision. The ``post_`` one that completes it is applied on the
way to the next ``pre_`` one: a version later, when no process of the older code is left.
"""

from __future__ import annotations

from typing import Final

REVISION: Final = "0008"
