"""What a file is called that comes as an answer."""

from __future__ import annotations

import pytest

from grantline.calls.answers.file_name import name_of


@pytest.mark.parametrize(
    ("url", "disposition", "name"),
    [
        ("https://a.example/files/report.pdf?x=1", "", "report.pdf"),
        ("https://a.example/x", 'attachment; filename="Umsatz 2026.csv"', "Umsatz 2026.csv"),
        ("https://a.example/x", "attachment; filename*=UTF-8''%e2%82%ac.csv", "€.csv"),
        ("https://a.example/x", 'attachment; filename="../../etc/passwd"', "passwd"),
        ("https://a.example/x", 'attachment; filename="C:\\\\a\\\\b.txt"', "b.txt"),
        ("https://a.example/x", "attachment; filename=\xe9\udcff.csv", "\xe9_.csv"),
        ("https://a.example/x.csv", "attachment; filename*0*=a; filename*=b", "x.csv"),
        ("https://a.example/", "", "download"),
        ("https://a.example/..", "", "download"),
        ("https://a.example/a%0ab", "", "a_b"),
    ],
)
def test_a_file_keeps_the_last_part_of_its_name(url: str, disposition: str, name: str) -> None:
    headers = (("content-disposition", disposition),) if disposition else ()
    assert name_of(url, headers) == name
