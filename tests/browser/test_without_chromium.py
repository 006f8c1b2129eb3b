"""What a fresh machine without Chromium is told."""

import pytest


def test_without_chromium_a_test_is_skipped_with_one_sentence_that_helps(browser_finder):
    with pytest.raises(pytest.skip.Exception, match=r"^Chromium is not installed \(Debian: apt-get install chromium\)"):
        browser_finder({}, lambda _: None)


def test_where_all_tests_must_run_a_missing_chromium_is_an_error(browser_finder):
    with pytest.raises(pytest.fail.Exception, match=r"apt-get install chromium.*must not be skipped"):
        browser_finder({"CI": "true"}, lambda _: None)
    assert browser_finder({"CI": "true"}, lambda name: f"/usr/bin/{name}") == "/usr/bin/chromium"
