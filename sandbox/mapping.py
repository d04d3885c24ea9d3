"""The mapping a merchant chose in the sync flow: accounts, customer, tax rates, grouping (OpenAPI)."""

from typing import Any

from sandbox.dice import digest, guid
from sandbox.merchants import Merchant

_ACCOUNTS = (
    ("200", "Sales", "Income"),
    ("090", "Business Bank Account", "Asset"),
    ("404", "Bank Fees", "Expense"),
)


def chosen(merchant: Merchant, *, configured: bool) -> dict[str, Any]:
    """The configuration object as the flow left it, or as it stands before anyone went through the flow."""
    options = [
        {"id": _id(merchant, code), "name": name, "nominalCode": code, "classification": kind}
        for code, name, kind in _ACCOUNTS
    ]
    sales, bank, fees = (option["id"] if configured else None for option in options)
    payments = {"syncPayments": configured, "accounts": {"card": _account("Card payments", bank, options)}}
    return {
        "countryCode": merchant.country,
        "mapSettings": {"outputFormat": "JournalEntry"},
        "sales": {
            "syncSales": configured,
            "accounts": {"sales": _account("Sales", sales, options)},
            "invoiceStatus": _invoice_status(configured),
            "salesCustomer": _customer(merchant, configured),
            "taxRates": {"standard": _tax_rate(merchant, configured)},
            "newTaxRates": _new_tax_rates(merchant, configured),
            "grouping": _grouping(configured),
        },
        "payments": payments,
        "newPayments": payments,
        "fees": {
            "syncFees": configured,
            "accounts": {"fees": _account("Processing fees", fees, options)},
            "feesSupplier": _supplier(merchant, configured),
        },
    }


def _id(merchant: Merchant, *words: str) -> str:
    return guid(digest(merchant.company_id, *words))


def _account(label: str, selected: str | None, options: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "labelText": label,
        "descriptionText": None,
        "selectedAccountId": selected,
        "required": True,
        "accountOptions": options,
    }


def _invoice_status(configured: bool) -> dict[str, Any]:
    return {
        "selectedInvoiceStatus": "Submitted" if configured else None,
        "invoiceStatusOptions": ["Submitted", "Draft"],
    }


def _customer(merchant: Merchant, configured: bool) -> dict[str, Any]:
    customer = _id(merchant, "customer")
    return {
        "selectedCustomerId": customer if configured else None,
        "customerOptions": [{"id": customer, "name": "Daily sales"}],
    }


def _tax_rate(merchant: Merchant, configured: bool) -> dict[str, Any]:
    rate = _id(merchant, "tax rate")
    return {
        "selectedTaxRateId": rate if configured else None,
        "taxRateOptions": [{"id": rate, "name": "Standard rate"}],
    }


def _new_tax_rates(merchant: Merchant, configured: bool) -> dict[str, Any]:
    accounting, commerce = _id(merchant, "tax rate"), _id(merchant, "shop tax")
    mapped = {"selectedCommerceTaxRateIds": [commerce], "selectedAccountingTaxRateId": accounting}
    options = [{"id": accounting, "name": "Standard rate"}]
    return {
        "accountingTaxRateOptions": options,
        "commerceTaxRateOptions": [{"id": commerce, "name": "Standard"}],
        "taxRateMappings": [mapped] if configured else [],
        "selectedDefaultZeroTaxRateId": None,
        "defaultZeroTaxRateOptions": options,
    }


def _grouping(configured: bool) -> dict[str, Any]:
    def level(*options: str) -> dict[str, Any]:
        return {
            "selectedGroupByOptions": list(options) if configured else [],
            "groupByOptions": list(options),
        }

    return {
        "groupingPeriod": {
            "selectedGroupingPeriod": "Daily" if configured else None,
            "groupingPeriodOptions": ["Daily"],
        },
        "groupingLevels": {
            "invoiceLevel": level("Location"),
            "invoiceLineLevel": level("Account", "TaxRate"),
        },
    }


def _supplier(merchant: Merchant, configured: bool) -> dict[str, Any]:
    supplier = _id(merchant, "supplier")
    return {
        "selectedSupplierId": supplier if configured else None,
        "supplierOptions": [{"id": supplier, "name": "Card processor"}],
    }
