"""Codat's data types (OpenAPI of the Platform, DataStatuses), and which platform has which: the latter is our guess."""

from sandbox.platforms import Platform

ACCOUNTING = (
    "accountTransactions", "balanceSheet", "bankAccounts", "bankTransactions", "billCreditNotes", "billPayments",
    "bills", "cashFlowStatement", "chartOfAccounts", "company", "creditNotes", "customers", "directCosts",
    "directIncomes", "invoices", "itemReceipts", "items", "journalEntries", "journals", "paymentMethods", "payments",
    "profitAndLoss", "purchaseOrders", "salesOrders", "suppliers", "taxRates", "trackingCategories", "transfers",
)  # fmt: skip
BANKING = (
    "banking-accountBalances", "banking-accounts", "banking-transactionCategories", "banking-transactions",
)  # fmt: skip
COMMERCE = (
    "commerce-companyInfo", "commerce-customers", "commerce-disputes", "commerce-locations", "commerce-orders",
    "commerce-paymentMethods", "commerce-payments", "commerce-productCategories", "commerce-products",
    "commerce-taxComponents", "commerce-transactions",
)  # fmt: skip
ALL = ACCOUNTING + BANKING + COMMERCE

_NOT_EVERYWHERE = {
    "itemReceipts": ("qhyg", "ndsk", "mqjo"),
    "purchaseOrders": ("gbol", "qhyg", "ndsk", "mqjo"),
    "salesOrders": ("mqjo",),
    "cashFlowStatement": ("gbol", "qhyg", "ndsk", "mqjo"),
    "commerce-disputes": ("fztf", "zsth", "exgd", "aiwb"),
    "commerce-productCategories": ("fqly", "ldgh", "zsth", "aiwb", "lqai"),
}
_ON_FIRST_LINK = {
    "Accounting": ("company", "chartOfAccounts", "taxRates", "customers", "suppliers", "bankAccounts", "items"),
    "Commerce": (
        "commerce-companyInfo", "commerce-locations", "commerce-products", "commerce-paymentMethods",
        "commerce-taxComponents", "commerce-orders", "commerce-payments", "commerce-transactions",
    ),
}  # fmt: skip
WRITTEN = (
    "invoices",
    "creditNotes",
    "journalEntries",
    "directIncomes",
    "directCosts",
    "payments",
    "customers",
)


def supported(platform: Platform) -> tuple[str, ...]:
    names = ACCOUNTING if platform.side == "Accounting" else COMMERCE
    return tuple(name for name in names if platform.key in _NOT_EVERYWHERE.get(name, (platform.key,)))


def on_first_link(platform: Platform) -> tuple[str, ...]:
    """What is read when a connection is linked, each day after, and when everything is refreshed."""
    return _ON_FIRST_LINK[platform.side]


def named(name: str) -> str | None:
    """The data type of this name, in whichever case its letters are."""
    return _BY_NAME.get(name.lower())


_BY_NAME = {name.lower(): name for name in ALL}
