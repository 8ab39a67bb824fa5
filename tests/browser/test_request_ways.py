"""Long work in the page: lists with numbers, files up and down, and a way to end it."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.browser.owner import Owner

SIX_MEGABYTES = 6 * 1024 * 1024


def connect(owner: Owner, name: str) -> None:
    owner.demo_form(name, "Client credentials")
    owner.press("Save and connect")
    owner.sees_connected(name)


def other_way(owner: Owner, way: str) -> None:
    owner.press("Other ways to run")
    owner.page.get_by_role("menuitem", name=way, exact=True).click()


def test_a_list_in_pages_becomes_one_list_and_the_fold_says_that_it_will(owner: Owner) -> None:
    connect(owner, "pages")
    page = owner.page
    owner.make_request("pages", "/orders")
    page.get_by_text("Pages", exact=True).click()
    owner.field("Pagination").select_option("page")
    expect(owner.field("Start")).to_be_visible()
    expect(owner.field("Next path")).to_be_hidden()
    expect(page.locator("#pages-count")).to_have_text("Page")
    owner.press("Run")
    owner.sees_status("200")
    expect(page.locator("#response")).to_contain_text("4 pages, 24 items")
    expect(page.locator("[data-tree] summary").first).to_contain_text("[24]")


def test_settings_that_differ_are_counted_on_the_fold(owner: Owner) -> None:
    page = owner.open("/requests/new")
    page.get_by_text("Settings", exact=True).last.click()
    expect(owner.field("Attempts")).to_be_hidden()
    owner.field("Try again when it fails").check()
    expect(owner.field("Attempts")).to_be_visible()
    owner.field("Timeout").fill("5")
    expect(page.locator("#settings-count")).to_have_text("2 changed")


def test_a_file_goes_up_from_disk_and_comes_down_under_its_name(
    owner: Owner, tmp_path: Path
) -> None:
    connect(owner, "files")
    page, large = owner.page, tmp_path / "large.bin"
    large.write_bytes(b"\0" * SIX_MEGABYTES)
    owner.make_request("files", "/echo")
    owner.field("Method").select_option("POST")
    page.locator("summary").filter(has_text="Body").click()
    owner.choose("File")
    page.locator("#field-body-file").set_input_files(large)
    expect(owner.field("File type")).to_have_value("application/octet-stream")
    owner.press("Run")
    owner.sees_status("200")
    owner.press("Save")
    expect(page.locator("#notices")).to_contain_text("are not kept with a request")

    owner.make_request("files", "/orders")
    other_way(owner, "Download a file")
    with page.expect_download() as download:
        page.get_by_role("link", name="Save orders").click()
    assert download.value.suggested_filename == "orders"
    download.value.save_as(tmp_path / "orders")
    assert b"Demo item" in (tmp_path / "orders").read_bytes()


def test_headers_alone_and_where_a_url_leads(owner: Owner) -> None:
    connect(owner, "small tools")
    owner.make_request("small tools", "/me")
    other_way(owner, "Retrieve headers")
    expect(owner.page.locator("#response")).to_contain_text("Only the headers were asked for")
    other_way(owner, "Resolve the URL")
    expect(owner.page.locator("#response")).to_contain_text("No credential went along")
