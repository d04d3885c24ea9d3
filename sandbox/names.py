"""Invented shops: their names, where they are, and what their books call things."""

from collections.abc import Sequence
from random import Random

_OWNERS = (
    "O'Malley's", "Nakamura's", "Ferraz &", "Abernathy &", "Lindqvist &", "Castañeda's", "D'Angelo's", "Kowalczyk &",
    "Mbeki &", "Okonkwo's", "Pritchard's", "Sørensen's", "Venkatesan &", "Whitlock &", "Zhou's", "Achterberg &",
    "Brontë &", "Delacroix's", "Esposito's", "Fitzgerald &", "Garnet &", "Hargreaves'", "Ivanova's", "Jónsdóttir's",
    "Kaur &", "Lefèvre's", "Müller's", "Nguyễn's", "Ólafsson's", "Pereira &", "Quigley's", "Rosenthal's",
    "Santos &", "Takahashi &", "Umar's", "Vasquez &", "Wójcik's", "Xu &", "Yılmaz &", "Żak's",
)  # fmt: skip
_COUPLED = (
    "Sons", "Daughters", "Thistle", "Finch", "Rye", "Clay", "Partners", "Juniper", "Moss", "Plum", "Salt", "Oak",
    "Wren", "Copper", "Fig", "Heron", "Ivy", "Lark", "Quince", "Sage",
)  # fmt: skip
_FIRST = (
    "Bloom", "Copper Kettle", "Little Harbour", "Blue Door", "Crème Brûlée", "Golden Crust", "Wild Thyme", "North Star",
    "Café Zürich", "Old Mill", "Paper Lantern", "Green Bicycle", "Velvet Fox", "Stone Soup", "Rosé", "Tin Roof",
    "Maple", "Señor Taco", "Lucky Cat", "Piñata", "Hearth", "Salt Marsh", "Nordlys", "Über", "Magpie", "Driftwood",
    "Marigold", "Seven Hills", "Sunday Best", "Fern Hollow", "La Façade", "東京", "Ćevapi", "Smörgås", "Bäckerei Blau",
    "Starling", "Red Anchor", "Moonrise", "Two Rivers", "Hazel",
)  # fmt: skip
_TRADE = (
    "Bakery", "Books", "Coffee", "Cycles", "Records", "Florist", "Ceramics", "Cheese", "Kitchen", "Toys", "Wines",
    "Apparel", "Stationery", "Hardware", "Garden Centre", "Chocolates", "Antiques", "Outdoor", "Yarns", "Deli",
    "Barbers", "Optics", "Skateboards", "Tea Rooms", "Pet Supplies", "Surf Shop", "Jewellery", "Fishmongers",
    "Ramen House", "Candles",
)  # fmt: skip
# zone, ISO country, tag, towns; as often as it is listed
PLACES = (
    ("Europe/London", "GB", "uk", ("Leith", "Hackney", "Camden", "Hoxton")),
    ("Europe/London", "GB", "uk", ("Whitby", "St Ives", "Brighton", "Bath")),
    ("Europe/London", "GB", "uk", ("Didsbury", "Clifton", "Stoke Newington", "Cardiff")),
    ("Europe/London", "GB", "uk", ("Headingley", "Jesmond", "York", "Oban")),
    ("America/New_York", "US", "us-east", ("Brooklyn", "Astoria", "Key West")),
    ("America/New_York", "US", "us-east", ("Savannah", "Burlington", "Ithaca")),
    ("America/New_York", "US", "us-east", ("Somerville", "Hoboken", "Asheville")),
    ("America/Los_Angeles", "US", "us-west", ("Silver Lake", "Oakland", "Fremont")),
    ("America/Los_Angeles", "US", "us-west", ("Ballard", "Bend", "Santa Cruz")),
    ("America/Chicago", "US", "us-central", ("Austin", "Logan Square", "Madison")),
    ("Australia/Sydney", "AU", "au", ("Newtown", "Surry Hills", "Manly")),
    ("Australia/Sydney", "AU", "au", ("Fitzroy", "Katoomba", "Geelong")),
    ("Pacific/Auckland", "NZ", "nz", ("Ponsonby", "Whangārei", "Lyttelton")),
    ("Asia/Kolkata", "IN", "in", ("Bandra", "Indiranagar", "Fort Kochi")),
    ("Europe/Dublin", "IE", "ie", ("Galway", "Dún Laoghaire", "Cobh")),
    ("Europe/Amsterdam", "NL", "eu", ("Utrecht", "Haarlem", "De Pijp")),
    ("America/St_Johns", "CA", "ca", ("St. John's", "Gander", "Quidi Vidi")),
    (None, "GB", "uk", ("Soho", "Margate", "Hebden Bridge")),
)

_ACCOUNTS = (
    "200 - Sales",
    "4000 - Sales of goods",
    "260 - Other revenue",
    "4010 - Online sales",
    "210 - Card takings",
)
_CUSTOMERS = ("Daily sales", "Point of sale", "Online shop", "Walk-in customers", "Till takings")
_TAX_RATES = ("20% (VAT on Income)", "GST on Income", "Zero rated", "Sales Tax 8.875%", "GST 15%")


def shop_name(dice: Random, towns: Sequence[str]) -> str:
    form = dice.random()
    if form < 0.35:
        owner = dice.choice(_OWNERS)
        owner = f"{owner} {dice.choice(_COUPLED)}" if owner.endswith("&") else owner
        name = f"{owner} {dice.choice(_TRADE)}"
    else:
        name = f"{dice.choice(_FIRST)} {dice.choice(_TRADE)}"
    return f"{name}, {dice.choice(towns)}" if dice.random() < 0.6 else name


def words_of_books(dice: Random) -> dict[str, str]:
    """What this merchant's accounting software calls the things that error messages name."""
    return {
        "account": dice.choice(_ACCOUNTS),
        "customer": dice.choice(_CUSTOMERS),
        "tax_rate": dice.choice(_TAX_RATES),
        "tax_id": "".join(dice.choices("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", k=22)),
    }
