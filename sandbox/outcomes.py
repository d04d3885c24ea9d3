"""How a sync can end: Codat's code, text and message.

The codes are documented; of the texts only Complete, PushError, ValidateError and MapCoreError are (Sync for
Commerce OpenAPI and docs), the others are guesses. The messages carry the documented key phrases.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Outcome(NamedTuple):
    code: int
    text: str
    message: str | None = ""
    pushed: bool = False

    @property
    def is_success(self) -> bool:
        return self.code // 1000 == 2

    @property
    def pushes(self) -> bool:
        """What fails in validation never gets as far as pushing."""
        return self.code // 1000 != 4 and self.code != 5080

    def worded(self, words: Mapping[str, str]) -> "Outcome":
        """With the merchant's own names in its message."""
        return self._replace(message=self.message and self.message.format_map(words))


def _settings(message: str) -> Outcome:
    return Outcome(4000, "ValidateError", message)


def _write(message: str, *, pushed: bool = False) -> Outcome:
    return Outcome(5130, "PushError", message, pushed)


COMPLETE = Outcome(2000, "Complete", pushed=True)
EMPTY = Outcome(2040, "Complete")

NOT_CONNECTED = _settings("Company does not have two valid data connections.")
NOT_CONFIGURED = _settings("Config contains required accounts without selections.")
OVERLAPS = Outcome(5080, "ValidateError", "Date overlaps with a previous sync date range.")
SERVER_ERROR = Outcome(5000, "Error", "An error occurred while processing the sync.")
NO_MESSAGE = Outcome(5120, "FetchError", None)
DEAUTHORIZED = Outcome(4040, "FetchError", "The company's data connection is no longer authorized.")
UNLINKED = Outcome(4220, "FetchError", "The company's data connection was unlinked.")
BILLING = Outcome(4260, "FetchError", "The subscription of the accounting software has expired.")
UNLISTED = Outcome(5990, "UnexpectedError", "The sync ended for a reason that has no name yet.")

SETTINGS = (
    _settings("To sync fees, payments must be configured with an account."),
    _settings("Payments config invalid: payment account and payout account should not match."),
    _settings("Payments config invalid: prepaid account and payment account should not match."),
    _settings("No sales customer has been configured."),
    _settings("Selected customer not present in customer options."),
    _settings("Selected account is not a valid option."),
    _settings("No grouping period selected."),
    _settings("Invalid invoice level grouping."),
    _settings("Payments cannot be enabled if invoice status is set to draft."),
    NOT_CONFIGURED,
    _settings("No sales account present."),
    _settings("No selected invoice status."),
    _settings("Tax rate is missing selected tax rate id."),
    _settings("Selected tax rate id for '{tax_rate}' has no options."),
    _settings("No fees supplier has been configured."),
)
ARCHIVED_ACCOUNT = _write("Account '{account}' is not in an active state.")
MISSING_ACCOUNT = _write("The following account(s) were not found: '{account}'.")
ARCHIVED_CUSTOMER = _write("Customer '{customer}' (Archived) is not in an active state.")
MISSING_CUSTOMER = _write("Customer '{customer}' does not exist.")
SUPPLIER_GONE = _write("Supplier does not exist.")
SUPPLIER_INACTIVE = _write("Supplier is not in an active state.")
TAX_RATE_GONE = _write("Tax rate '{tax_rate}' does not exist.")
PARTIAL = _write("Account '{account}' is not in an active state.", pushed=True)
TAX_NOT_MAPPED = Outcome(
    4200,
    "MapCoreError",
    "Cannot match the tax id '{tax_id}' to a mapped account on the accounting software for journal entry.",
)
