"""What a client can change on the pages of the sync flow: its texts, and which accounts it asks for.

The keys, the English defaults and what null, "" and an empty object mean are told by Codat's docs (merchant
configuration); the shape of a text, `{"text", "required"}`, by the OpenAPI of Sync for Commerce. The docs show plain
strings in its place, so both are understood, and the OpenAPI's shape is told. Our guesses: the French defaults, what
is required, and that keys nobody knows are kept as they are.
"""

from typing import Any

from sandbox.exchange import NOT_VALID, Refusal
from sandbox.store import Store

Json = dict[str, Any]

_COMMERCE, _ACCOUNTING = "{commerce software name}", "{accounting software name}"
_MAPPING = (
    f"Configure accounts mapping from `{_COMMERCE}` to `{_ACCOUNTING}`.",
    f"Reliez les comptes de `{_COMMERCE}` à ceux de `{_ACCOUNTING}`.",
)
_TAXES = (
    f"Configure tax rates mapping from `{_COMMERCE}` to `{_ACCOUNTING}`.",
    f"Reliez les taxes de `{_COMMERCE}` à celles de `{_ACCOUNTING}`.",
)
_SIDEBAR, _CONTENT = "configure-setupSidebar", "configure-content"
_ENTRIES, _RATES = f"{_CONTENT}-sales-accounts-entries", f"{_CONTENT}-sales-accounts-taxRates-entries"

_DEFAULTS = {
    f"{_SIDEBAR}-title": (
        "Set up Sync to `{platform name}`",
        "Configurer la synchronisation avec `{platform name}`",
    ),
    f"{_SIDEBAR}-checkboxes-connectToCommerce": (
        f"Connect to `{_COMMERCE}`",
        f"Se connecter à `{_COMMERCE}`",
    ),
    f"{_SIDEBAR}-checkboxes-connectToAccounting": (
        f"Connect to `{_ACCOUNTING}`",
        f"Se connecter à `{_ACCOUNTING}`",
    ),
    f"{_SIDEBAR}-checkboxes-sales": ("Set up sales", "Configurer les ventes"),
    f"{_SIDEBAR}-checkboxes-fees": ("Set up fees", "Configurer les frais"),
    f"{_SIDEBAR}-checkboxes-payments": ("Set up payments", "Configurer les paiements"),
    # This one has an equals sign in the docs.
    f"{_SIDEBAR}=checkboxes-syncSchedule": ("Set up sync schedule", "Configurer le calendrier"),
    "configure-misc-previousButton": ("Previous", "Précédent"),
    "configure-misc-nextButton": ("Next", "Suivant"),
    "configure-required-indicator": ("Indicates a required field", "Champ obligatoire"),
    f"{_CONTENT}-sales-title": ("Sales", "Ventes"),
    f"{_CONTENT}-sales-description": ("", ""),
    f"{_CONTENT}-sales-accounts-title": ("Accounts", "Comptes"),
    f"{_CONTENT}-sales-accounts-description": _MAPPING,
    f"{_ENTRIES}-sales": ("Sales", "Ventes"),
    f"{_ENTRIES}-refund": ("Refunds", "Remboursements"),
    f"{_ENTRIES}-gratuity": ("Gratuity", "Pourboires"),
    f"{_ENTRIES}-prepaid": ("Prepaid", "Prépayé"),
    f"{_ENTRIES}-sales-other": ("Other sales", "Autres ventes"),
    f"{_RATES}-0": ("0% tax rate", "Taxe à 0 %"),
    f"{_RATES}-10": ("5% tax rate", "Taxe à 5 %"),
    f"{_RATES}-15": ("10% tax rate", "Taxe à 10 %"),
    f"{_RATES}-20": ("20% tax rate", "Taxe à 20 %"),
    f"{_CONTENT}-sales-taxRates-title": ("Tax rates", "Taxes"),
    f"{_CONTENT}-sales-taxRates-description": _TAXES,
    f"{_CONTENT}-sales-other-title": ("Other", "Autre"),
    f"{_CONTENT}-sales-other-description": ("", ""),
    f"{_CONTENT}-sales-other-entries-invoiceStatus": ("Invoice status", "Statut de la facture"),
    f"{_CONTENT}-sales-other-entries-groupingPeriod": ("Grouping period", "Période de regroupement"),
    f"{_CONTENT}-fees-title": ("Fees", "Frais"),
    f"{_CONTENT}-fees-description": ("", ""),
    f"{_CONTENT}-fees-accounts-title": ("Accounts", "Comptes"),
    f"{_CONTENT}-fees-accounts-description": _MAPPING,
    f"{_CONTENT}-payments-title": ("Payments", "Paiements"),
    f"{_CONTENT}-payments-description": ("", ""),
}
LOCALES = ("en-us", "fr-fr")
_ACCOUNTS = {
    "sales": (
        "accounts-sales", "accounts-refund", "accounts-gratuity", "accounts-prepaid", "taxRates-0", "taxRates-5",
        "taxRates-10", "taxRates-20", "other-invoiceStatus", "other-groupingPeriod",
    ),
    "fees": (
        "accounts-paymentFee", "accounts-paymentFeeRefund", "accounts-loan", "accounts-loanPayment",
        "accounts-loanFee", "accounts-cashback",
    ),
    "payments": (
        "accounts-card", "accounts-cash", "accounts-invoice", "accounts-onlineCard", "accounts-payout",
        "accounts-custom", "accounts-storeCredit", "accounts-paypal", "accounts-paypalQr", "accounts-mobile",
        "accounts-vipps", "accounts-swish", "accounts-prepaidPayment", "accounts-manual",
    ),
}  # fmt: skip
ALL_ACCOUNTS = [f"{stage}-{name}" for stage, names in _ACCOUNTS.items() for name in names]


def texts(store: Store, locale: str) -> Json:
    """Every text of the pages in this language; raises Refusal (400) for a language there is not."""
    defaults = _defaults(locale)
    changed = store.noted(_texts_of(locale)) or {}
    return {
        key: {**_BLANK, **defaults.get(key, {}), **changed.get(key, {})} for key in {**defaults, **changed}
    }


def change_texts(store: Store, locale: str, given: Json) -> None:
    """What is not named stays; a null goes back to the default, an empty text shows nothing."""
    _defaults(locale)
    changed: dict[str, Json] = store.noted(_texts_of(locale)) or {}
    for key, value in given.items():
        mine = {**changed.get(key, {}), **_text(value)}
        if mine.get("text", "") is None:
            del mine["text"]
        changed[key] = mine
    store.note(_texts_of(locale), changed)


def visible_accounts(store: Store, platform_key: str) -> list[str]:
    found: list[str] | None = store.noted(_accounts_of(platform_key))
    return ALL_ACCOUNTS if found is None else found


def show_accounts(store: Store, platform_key: str, given: object) -> None:
    """None shows all again, an empty list only what cannot be hidden; raises Refusal (400) for anything else."""
    if given is not None and not (isinstance(given, list) and all(isinstance(key, str) for key in given)):
        raise Refusal(400, NOT_VALID)
    store.note(_accounts_of(platform_key), given)


_BLANK: Json = {"text": None, "required": False}


def _defaults(locale: str) -> dict[str, Json]:
    if locale not in LOCALES:
        raise Refusal(400, NOT_VALID)
    language = LOCALES.index(locale)
    return {
        key: {"text": words[language], "required": not key.endswith("-description")}
        for key, words in _DEFAULTS.items()
    }


def _text(value: object) -> Json:
    if value is None or isinstance(value, str):
        return {"text": value}
    if isinstance(value, dict) and value.keys() <= {"text", "required"}:
        told = {name: part for name, part in value.items() if name == "text" or part is not None}
        if isinstance(told.get("text", ""), str | None) and isinstance(told.get("required", False), bool):
            return told
    raise Refusal(400, NOT_VALID)


def _texts_of(locale: str) -> str:
    return f"flow texts {locale}"


def _accounts_of(platform_key: str) -> str:
    return f"visible accounts {platform_key}"
