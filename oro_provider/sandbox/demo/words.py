"""The words of the demo shop: places, goods, people and firms, all invented or common knowledge."""

from __future__ import annotations

COUNTRIES = {
    "US": ("USA", "United States"), "CA": ("CAN", "Canada"), "DE": ("DEU", "Germany"), "FR": ("FRA", "France"),
    "GB": ("GBR", "United Kingdom"), "ES": ("ESP", "Spain"), "IT": ("ITA", "Italy"), "NL": ("NLD", "Netherlands"),
    "BE": ("BEL", "Belgium"), "AT": ("AUT", "Austria"), "CH": ("CHE", "Switzerland"), "PL": ("POL", "Poland"),
    "SE": ("SWE", "Sweden"), "DK": ("DNK", "Denmark"), "NO": ("NOR", "Norway"), "FI": ("FIN", "Finland"),
    "IE": ("IRL", "Ireland"), "PT": ("PRT", "Portugal"), "CZ": ("CZE", "Czechia"), "JP": ("JPN", "Japan"),
    "AU": ("AUS", "Australia"), "SG": ("SGP", "Singapore"), "AE": ("ARE", "United Arab Emirates"), "MC": ("MCO", "Monaco"),
}  # fmt: skip

_STATES = (
    "AL:Alabama AK:Alaska AZ:Arizona AR:Arkansas CA:California CO:Colorado CT:Connecticut DE:Delaware FL:Florida GA:Georgia "
    "HI:Hawaii ID:Idaho IL:Illinois IN:Indiana IA:Iowa KS:Kansas KY:Kentucky LA:Louisiana ME:Maine MD:Maryland "
    "MA:Massachusetts MI:Michigan MN:Minnesota MS:Mississippi MO:Missouri MT:Montana NE:Nebraska NV:Nevada NH:New_Hampshire "
    "NJ:New_Jersey NM:New_Mexico NY:New_York NC:North_Carolina ND:North_Dakota OH:Ohio OK:Oklahoma OR:Oregon "
    "PA:Pennsylvania RI:Rhode_Island SC:South_Carolina SD:South_Dakota TN:Tennessee TX:Texas UT:Utah VT:Vermont VA:Virginia "
    "WA:Washington WV:West_Virginia WI:Wisconsin WY:Wyoming DC:District_of_Columbia"
)
_PROVINCES = (
    "AB:Alberta BC:British_Columbia MB:Manitoba NB:New_Brunswick NL:Newfoundland_and_Labrador NS:Nova_Scotia ON:Ontario "
    "PE:Prince_Edward_Island QC:Quebec SK:Saskatchewan NT:Northwest_Territories NU:Nunavut YT:Yukon"
)
_LAENDER = (
    "BW:Baden-Württemberg BY:Bayern BE:Berlin BB:Brandenburg HB:Bremen HH:Hamburg HE:Hessen MV:Mecklenburg-Vorpommern "
    "NI:Niedersachsen NW:Nordrhein-Westfalen RP:Rheinland-Pfalz SL:Saarland SN:Sachsen ST:Sachsen-Anhalt "
    "SH:Schleswig-Holstein TH:Thüringen"
)
_NATIONS = "ENG:England SCT:Scotland WLS:Wales NIR:Northern_Ireland"

REGIONS = [
    (country, code, name.replace("_", " "))
    for country, listed in (("US", _STATES), ("CA", _PROVINCES), ("DE", _LAENDER), ("GB", _NATIONS))
    for code, _, name in (entry.partition(":") for entry in listed.split())
]

LOCALIZATIONS = (
    ("English (United States)", "en_US"), ("German (Germany)", "de_DE"), ("French (France)", "fr_FR"),
    ("Spanish (Spain)", "es_ES"), ("Polish (Poland)", "pl_PL"),
)  # fmt: skip

# Category -> its sub-categories -> the goods in them (noun, German noun).
CATEGORIES: dict[str, dict[str, tuple[tuple[str, str], ...]]] = {
    "Workshop": {
        "Hand Tools": (("Ratchet Set", "Ratschensatz"), ("Claw Hammer", "Klauenhammer"), ("Bench Vise", "Schraubstock")),
        "Power Tools": (("Cordless Drill", "Akkubohrer"), ("Angle Grinder", "Winkelschleifer"), ("Heat Gun", "Heißluftpistole")),
        "Fasteners": (("Hex Bolt", "Sechskantschraube"), ("Lock Washer", "Federring"), ("Wood Screw", "Holzschraube")),
    },
    "Office": {
        "Lighting": (("Desk Lamp", "Schreibtischlampe"), ("Floor Lamp", "Stehlampe"), ("Panel Light", "Deckenleuchte")),
        "Seating": (("Task Chair", "Arbeitsstuhl"), ("Visitor Chair", "Besucherstuhl"), ("Stool", "Hocker")),
        "Paper": (("Copy Paper", "Kopierpapier"), ("Label Roll", "Etikettenrolle"), ("Notebook", "Notizbuch")),
    },
    "Safety": {
        "Gloves": (("Nitrile Gloves", "Nitrilhandschuhe"), ("Cut Gloves", "Schnittschutzhandschuhe")),
        "Head Protection": (("Hard Hat", "Schutzhelm"), ("Safety Goggles", "Schutzbrille"), ("Ear Muffs", "Gehörschutz")),
        "Footwear": (("Safety Shoe", "Sicherheitsschuh"), ("Rubber Boot", "Gummistiefel")),
    },
    "Warehouse": {
        "Packaging": (("Shipping Box", "Versandkarton"), ("Stretch Film", "Stretchfolie"), ("Packing Tape", "Packband")),
        "Handling": (("Hand Truck", "Sackkarre"), ("Pallet Jack", "Hubwagen"), ("Ratchet Strap", "Zurrgurt")),
        "Shelving": (("Shelf Unit", "Regal"), ("Storage Bin", "Lagerbox")),
    },
    "Facility": {
        "Cleaning": (("Floor Cleaner", "Bodenreiniger"), ("Mop Set", "Wischset"), ("Hand Soap", "Handseife")),
        "Climate": (("Fan Heater", "Heizlüfter"), ("Desk Fan", "Tischventilator")),
        "Electrical": (("Cable Reel", "Kabeltrommel"), ("Power Strip", "Steckdosenleiste"), ("Work Light", "Arbeitsleuchte")),
    },
}  # fmt: skip

GRADES = ("Basic", "Classic", "Pro", "Heavy Duty", "Compact", "Premium", "Eco", "Industrial", "Light", "Max")

BRANDS = (
    "Aldervik", "Bramstone", "Corvane", "Dunmoor", "Elmquist", "Ferrowell", "Granholt", "Halverson", "Ironbeck", "Juniper Works",
    "Kestrel & Sons", "Lindhagen",
)  # fmt: skip

FIRMS = (
    "Harbour Street Joinery", "Redfield Motors", "Tamarack Logistics", "Oakhurst Clinic", "Silverline Catering",
    "Quarry Bay Construction", "Pinecrest Schools", "Meridian Print House", "Copperhead Electric", "Blue Heron Hotels",
    "Stonegate Properties", "Larkspur Foods", "Vantage Cold Storage", "Granite Peak Outfitters", "Foxglove Laboratories",
    "Westmark Rail Services", "Juniper Hill Farms", "Delta Nine Fabrication", "Northgate Hospital Group", "Amber Coast Shipping",
)  # fmt: skip
SUFFIXES = ("Ltd", "GmbH", "Inc", "Group", "& Co")

FIRST_NAMES = (
    "Anna", "Boris", "Clara", "David", "Elena", "Felix", "Greta", "Hugo", "Irene", "Jonas", "Karin", "Leo", "Marta", "Nils",
    "Olga", "Paul", "Rosa", "Simon", "Tessa", "Viktor",
)  # fmt: skip
LAST_NAMES = (
    "Almeida", "Brandt", "Castillo", "Dvorak", "Eriksen", "Fontaine", "Gruber", "Hansen", "Ivanova", "Jensen", "Kowalski",
    "Lindgren", "Moreau", "Novak", "Okafor", "Petersen", "Quist", "Romano", "Schmidt", "Tanaka",
)  # fmt: skip

# Places with a street-worthy post code: city, country, region, post code.
PLACES = (
    ("Portland", "US", "US-OR", "97205"), ("Austin", "US", "US-TX", "78701"), ("Columbus", "US", "US-OH", "43215"),
    ("Denver", "US", "US-CO", "80202"), ("Savannah", "US", "US-GA", "31401"), ("Toronto", "CA", "CA-ON", "M5H 2N2"),
    ("Halifax", "CA", "CA-NS", "B3J 1S9"), ("Hamburg", "DE", "DE-HH", "20095"), ("Leipzig", "DE", "DE-SN", "04109"),
    ("Stuttgart", "DE", "DE-BW", "70173"), ("Lyon", "FR", None, "69002"), ("Utrecht", "NL", None, "3511"),
    ("Leeds", "GB", "GB-ENG", "LS1 4AP"),
)  # fmt: skip
STREETS = ("Mill Lane", "Foundry Road", "Station Street", "Canal Walk", "Market Square", "Orchard Avenue", "Dock Road")
NOTES = ("Please ring the bell at gate 2.", "Deliver before noon.", "Call ahead.", "Leave with the porter.")
CARRIERS = ("UPS", "DHL", "FedEx", "GLS")
