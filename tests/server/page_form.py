"""What a browser sends of a form when nothing is changed, as HTML says it."""

from __future__ import annotations

from html.parser import HTMLParser

_NOT_SENT = frozenset({"submit", "button", "file", "reset"})


class PageForm(HTMLParser):
    """The form with the id ``form_id``, wherever on the page its fields are."""

    def __init__(self, page: str, form_id: str) -> None:
        super().__init__(convert_charrefs=True)
        self.pairs: list[tuple[str, str]] = []
        self.action = ""
        self._form = form_id
        self._is_inside = False
        self._skipped = 0
        self._field: tuple[str, str] | None = None
        self._text = ""
        self._options: list[tuple[str, bool]] = []
        self._option: dict[str, str | None] | None = None
        self.feed(page)

    def sent(self, **changed: str) -> dict[str, list[str]]:
        """By name; ``changed`` replaces what stands in fields of that name."""
        values: dict[str, list[str]] = {}
        for name, value in self.pairs:
            values.setdefault(name, []).append(value)
        return {**values, **{name: [value] for name, value in changed.items()}}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form" and given.get("id") == self._form:
            self._is_inside, self.action = True, given.get("action") or ""
        if tag in {"template", "noscript"}:
            self._skipped += 1
        if tag == "option":
            self._option, self._text = given, ""
        name = given.get("name")
        is_own = given.get("form", self._form if self._is_inside else "") == self._form
        if not name or not is_own or self._skipped or "disabled" in given:
            return
        if tag == "input" and given.get("type") not in _NOT_SENT:
            is_box = given.get("type") in {"checkbox", "radio"}
            if not is_box or "checked" in given:
                self.pairs.append((name, given.get("value") or ("on" if is_box else "")))
        elif tag in {"textarea", "select"}:
            self._field, self._text, self._options = (tag, name), "", []

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_inside = False
        elif tag in {"template", "noscript"}:
            self._skipped -= 1
        elif tag == "option" and self._option is not None:
            value = self._option.get("value")
            text = value if value is not None else self._text.strip()
            self._options.append((text, "selected" in self._option))
            self._option = None
        elif self._field is not None and tag == self._field[0]:
            name = self._field[1]
            if tag == "textarea":
                # A browser drops the first line break, and sends the others as CRLF.
                value = self._text.removeprefix("\n").replace("\n", "\r\n")
            else:
                chosen = [value for value, is_chosen in self._options if is_chosen]
                value = (chosen or [self._options[0][0]])[-1]
            self.pairs.append((name, value))
            self._field = None
