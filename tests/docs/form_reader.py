"""The forms of a page as a person sees them: fields by their labels, with what stands in them."""

from __future__ import annotations

from html.parser import HTMLParser


class Form(HTMLParser):
    """The fields of a page.

    Attributes:
        sent: Names and values that a browser sends when nothing is changed.
        names: The name of each field, by its label; of pairs, the two names.
    """

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.sent: list[tuple[str, str]] = []
        self.names: dict[str, tuple[str, ...]] = {}
        self._ids: dict[str, str] = {}
        self._labels: dict[str, str] = {}
        self._options: dict[tuple[str, str], str] = {}
        self._open = ""
        self._inside = ""
        self._value = ""
        self._templates = 0
        self.feed(page)
        for each, text in self._labels.items():
            if each in self._ids:
                self.names[text.strip()] = (self._ids[each],)

    def with_values(self, typed: dict[str, str]) -> dict[str, list[str]]:
        """What is sent when a person types, or chooses, ``typed`` by label."""
        values: dict[str, list[str]] = {}
        for name, value in self.sent:
            values.setdefault(name, []).append(value)
        for label, value in typed.items():
            names = self.names[label]
            parts = value.split("=", 1) if len(names) > 1 else [value]
            for name, part in zip(names, parts, strict=True):
                values[name] = [self._options.get((name, part), part)]
        return values

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if "id" in given and name:
            self._ids[given["id"]] = name
        label = given.get("aria-label", "").rpartition(": ")[0]
        if label and name.endswith("_key"):
            self.names[label] = (name, f"{name.removesuffix('_key')}_value")
        if tag == "template":
            self._templates += 1
        elif tag == "label" and "for" in given:
            self._open, self._inside = tag, given["for"]
            self._labels[self._inside] = ""
        elif tag in {"textarea", "select"} and name and not self._templates:
            self._open, self._inside = tag, name
            self.sent.append((name, ""))
        elif tag == "option":
            self._value = given.get("value", "")
            if "selected" in given and self.sent:
                self.sent[-1] = (self.sent[-1][0], self._value)
        elif tag == "input" and name and not self._templates and _is_sent(given):
            self.sent.append((name, given.get("value", "on" if "checked" in given else "")))

    def handle_data(self, data: str) -> None:
        if self._open == "label":
            self._labels[self._inside] += data
        elif self._open == "textarea":
            self.sent[-1] = (self._inside, self.sent[-1][1] + data)
        elif self._open == "select" and data.strip():
            self._options[self._inside, data.strip()] = self._value

    def handle_endtag(self, tag: str) -> None:
        if tag == "template":
            self._templates -= 1
        elif tag == self._open:
            self._open = ""


def _is_sent(given: dict[str, str]) -> bool:
    kind = given.get("type", "text")
    if kind in {"checkbox", "radio"}:
        return "checked" in given
    return kind not in {"submit", "button", "file", "search"}
