"""Everything a browser complains about on the way: a journey that looks fine with errors in the console is not."""

from playwright.sync_api import BrowserContext, ConsoleMessage, Response

TELL = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`content policy: ${event.violatedDirective} ${event.blockedURI} in ${event.sourceFile}`));
"""
# An answer of 403, 404 or 422 is one that a test asked for; the page around it is looked at all the same.
EXPECTED = "Failed to load resource: the server responded with a status of 4"


class Watch:
    def __init__(self, context: BrowserContext) -> None:
        self.complaints: list[str] = []
        context.add_init_script(TELL)
        context.on("console", self._said)
        context.on("weberror", lambda error: self.complaints.append(f"uncaught: {error.error}"))
        context.on("response", self._answered)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(EXPECTED):
            self.complaints.append(f"{message.type}: {message.text}")

    def _answered(self, response: Response) -> None:
        broken_link = response.status >= 400 and "/static/" in response.url
        if response.status >= 500 or broken_link:
            self.complaints.append(f"{response.status} for {response.url}")
