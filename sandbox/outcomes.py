"""How a sync can end: Codat's code, text and message.

The codes are documented; of the texts only Complete, PushError, ValidateError and MapCoreError are (Sync for
Commerce OpenAPI and docs), the others are guesses. The messages carry the documented key phrases.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Outcome(NamedTuple):
    code: int
    text: str | None
    message: str | None = ""
    pushed: bool = False

    @property
    def is_success(self) -> bool:
        return self.code // 1000 == 2

    @property
    def is_push_error(self) -> bool:
        return self.code == 5130

    @property
    def reaches_books(self) -> bool:
        """Whether the sync writes, or tries to: not when it failed before, nor when there was nothing to write."""
        return self.code not in (2040, 5080, 5120) and self.code // 1000 != 4

    @property
    def pushes(self) -> bool:
        """What fails before its writing never gets as far as pushing."""
        return self.reaches_books or self.is_success

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
FREQUENCY = _settings("Selected schedule frequency not present in options.")
OVERLAPS = Outcome(5080, "ValidateError", "Date overlaps with a previous sync date range.")
SERVER_ERROR = Outcome(5000, "Error", "An error occurred while processing the sync.")
NO_MESSAGE = Outcome(5120, "FetchError", None)
DEAUTHORIZED = Outcome(4040, "FetchError", "The company's data connection is no longer authorized.")
COMPANY_GONE = Outcome(4040, "FetchError", "No company was found with ID {company_id}")
UNLINKED = Outcome(4220, "FetchError", "The company's data connection was unlinked.")
BILLING = Outcome(4260, "FetchError", "The subscription of the accounting software has expired.")
UNLISTED = Outcome(5990, "UnexpectedError", "The sync ended for a reason that has no name yet.")

SETTINGS = {
    "fees_without_payments": _settings("To sync fees, payments must be configured with an account."),
    "payment_account_is_payout_account": _settings(
        "Payments config invalid: payment account and payout account should not match."
    ),
    "payment_account_is_prepaid_account": _settings(
        "Payments config invalid: prepaid account and payment account should not match."
    ),
    "prepaid_account": _settings(
        "Accounts config invalid: prepaid payment account and prepaid account match."
    ),
    "no_customer": _settings("No sales customer has been configured."),
    "customer_not_in_options": _settings("Selected customer not present in customer options."),
    "account_not_in_options": _settings("Selected account is not a valid option."),
    "no_grouping_period": _settings("No grouping period selected."),
    "grouping_period_not_in_options": _settings("Grouping period selected not from options."),
    "invoice_grouping": _settings("Invalid invoice level grouping."),
    "invoice_line_grouping": _settings("Invalid invoice line level grouping."),
    "payments_of_drafts": _settings("Payments cannot be enabled if invoice status is set to draft."),
    "accounts_not_selected": NOT_CONFIGURED,
    "no_sales_account": _settings("No sales account present."),
    "no_frequency": _settings("No schedule selected frequency."),
    "frequency_not_in_options": FREQUENCY,
    "no_invoice_status": _settings("No selected invoice status."),
    "invoice_status": _settings("Invalid invoice status selected."),
    "no_tax_rate": _settings("Tax rate is missing selected tax rate id."),
    "tax_rate_not_in_options": _settings("Selected tax rate id for '{tax_rate}' has no options."),
    "no_supplier": _settings("No fees supplier has been configured."),
    "supplier_not_in_options": _settings("Selected supplier not present in supplier options."),
}
ARCHIVED_ACCOUNT = _write("Account '{account}' is not in an active state.")
MISSING_ACCOUNT = _write("The following account(s) were not found: '{account}'.")
ARCHIVED_CUSTOMER = _write("Customer '{customer}' (Archived) is not in an active state.")
MISSING_CUSTOMER = _write("Customer '{customer}' does not exist.")
SUPPLIER_GONE = _write("Supplier does not exist.")
SUPPLIER_INACTIVE = _write("Supplier is not in an active state.")
TAX_RATE_GONE = _write("Tax rate '{tax_rate}' does not exist.")
TAX_RATES_INVALID = _write("The following tax rates are invalid: '{tax_rate}'.")
PARTIAL = _write("Account '{account}' is not in an active state.", pushed=True)
TAX_NOT_MAPPED = Outcome(
    4200,
    "MapCoreError",
    "Cannot match the tax id '{tax_id}' to a mapped account on the accounting software for journal entry.",
)

CAUSES = SETTINGS | {
    "not_connected": NOT_CONNECTED,
    "overlaps": OVERLAPS,
    "server_error": SERVER_ERROR,
    "no_message": NO_MESSAGE,
    "deauthorized": DEAUTHORIZED,
    "company_gone": COMPANY_GONE,
    "unlinked": UNLINKED,
    "billing": BILLING,
    "unlisted": UNLISTED,
    "archived_account": ARCHIVED_ACCOUNT,
    "missing_account": MISSING_ACCOUNT,
    "archived_customer": ARCHIVED_CUSTOMER,
    "missing_customer": MISSING_CUSTOMER,
    "supplier_gone": SUPPLIER_GONE,
    "supplier_inactive": SUPPLIER_INACTIVE,
    "tax_rate_gone": TAX_RATE_GONE,
    "tax_rates_invalid": TAX_RATES_INVALID,
    "partial": PARTIAL,
    "tax_not_mapped": TAX_NOT_MAPPED,
}
"""What a sync can fail for, by the names that a wave is ordered with."""
