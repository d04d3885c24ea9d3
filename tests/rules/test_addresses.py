"""Which addresses are somebody's of the whole internet, and which lead into our own network."""

import pytest

from syncs.rules.addresses import checked_panel_url, checked_webhook, is_public


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),  # noqa: S104
        *("224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "2002:a00:1::", "64:ff9b::7f00:1"),
        *("64:ff9b::a00:1", "", "example.com", "127.1"),
    ],
)
def test_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        *("http://hooks.example.com/x", "ftp://hooks.example.com", "hooks.example.com", "https://", ""),
        *(
            "https://me:pass@hooks.example.com/",
            "https://hooks.example.com/#x",
            "https://hooks.example.com:0/",
        ),
        *(
            "https://127.0.0.1/",
            "https://localhost/",
            "https://desk.local/",
            "https://10.0.0.1/",
            "https://[::1]/",
        ),
        *(
            "https://intranet/",
            "https://metadata.google.internal/",
            "https://hooks.example.com/a b",
            "https://[::1",
        ),
        *("https://hooks.example.com:99999/", "https://localhost./", "https://hooks.example.com/\n"),
        "https://hooks.example.com/" + "x" * 500,
    ],
)
def test_a_webhook_that_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"webhook|network"):
        checked_webhook(url, may_be_local=False)


def test_a_webhook_that_is_taken() -> None:
    url = "https://hooks.example.com/services/T0/B0?x=1"
    assert checked_webhook(url, may_be_local=False) == url
    assert checked_webhook("http://127.0.0.1:9000/x", may_be_local=True) == "http://127.0.0.1:9000/x"


@pytest.mark.parametrize("url", ["panel.here", "ftp://x", "https://u:p@x", "https://x/?a=1", "https://x/#a"])
def test_a_panel_that_is_nowhere(url: str) -> None:
    with pytest.raises(ValueError, match="It must look like") as refused:
        checked_panel_url(url)
    assert url not in str(refused.value)


def test_a_panel_may_live_under_a_path() -> None:
    assert checked_panel_url("https://example.com/panel") == "https://example.com/panel"
