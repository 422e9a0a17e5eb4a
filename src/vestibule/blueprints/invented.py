"""People and companies that do not exist, for trying how large lists feel: a number → who it is.

The same number is always the same person or company, so that a run can be completed by the next.
Nobody is meant: no post code begins with 00, no SIREN with 0, and `.example` has no mail.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from vestibule.text import fold

TRADES = (
    "Ateliers", "Boulangerie", "Brasserie", "Cabinet", "Carrosserie", "Charpentes", "Clinique",
    "Comptoir", "Conserverie", "Cycles", "Domaine", "Éditions", "Fonderie", "Fromagerie", "Garage",
    "Hôtel", "Imprimerie", "Jardins", "Laboratoire", "Librairie", "Maison", "Menuiserie",
    "Moulins", "Optique", "Pharmacie", "Pépinières", "Scierie", "Tissages", "Transports", "Verrerie",
)  # fmt: skip
FIRST_HALVES = (
    "Ambre", "Bel", "Bruy", "Cend", "Clair", "Corn", "Douv", "Éper", "Ferr", "Gril", "Haut", "Isol",
    "Jonq", "Lam", "Mont", "Noir", "Orm", "Pierr", "Roch", "Val",
)  # fmt: skip
SECOND_HALVES = (
    "ac", "agne", "andel", "aubière", "avelle", "ecourt", "elune", "emare", "erolle", "essac",
    "ibois", "ignol", "onval", "orgue", "ourneuf", "uzelle", "ychamp",
)  # fmt: skip
TOWNS = (
    "Bourg-Inventé", "Fontaine-sur-Rien", "La Nulle-Part", "Les Absents", "Mirage-les-Bains",
    "Port-Fictif", "Roche-Imaginaire", "Saint-Exemple", "Sainte-Fable", "Utopie-en-Plaine",
    "Val-Chimère", "Villeneuve-la-Rêvée",
)  # fmt: skip
STREETS = ("rue", "avenue", "quai", "place", "chemin", "allée")
ACTIVITIES = ("1071C", "2511Z", "4332A", "4711B", "4941A", "5510Z", "5610A", "6920Z", "8690D")
FIRST_NAMES = (
    "Adèle", "Agathe", "Alban", "Alix", "Amina", "Anaïs", "Antoine", "Arthur", "Astrid", "Aurèle",
    "Baptiste", "Basile", "Bérénice", "Camille", "Capucine", "Céleste", "Charlie", "Chloé", "Clément",
    "Damien", "Daria", "Dominique", "Eden", "Élise", "Émile", "Esteban", "Faustine", "Félix", "Flora",
    "Gaël", "Gaspard", "Hanna", "Hélène", "Hugo", "Inès", "Ivan", "Jade", "Jo", "Jules", "Karim",
    "Kim", "Léna", "Léon", "Lila", "Lou", "Luc", "Maël", "Malik", "Margaux", "Marius", "Maxime",
    "Mila", "Nadia", "Nils", "Noa", "Octave", "Ophélie", "Oscar", "Paula", "Quentin", "Rania", "Rémi",
    "Romy", "Sacha", "Salomé", "Simon", "Solène", "Tessa", "Théo", "Ulysse", "Victoire", "Yaël", "Zoé",
)  # fmt: skip
LAST_NAMES = (
    "Adam", "Aubry", "Bailly", "Barbier", "Baron", "Benoît", "Berger", "Bernard", "Besson", "Blanc",
    "Boucher", "Bouvier", "Brun", "Carpentier", "Charpentier", "Chevalier", "Colin", "Costa",
    "Cousin", "Da Silva", "Daniel", "David", "Denis", "Dubois", "Dufour", "Dumas", "Dupuy", "Durand",
    "Evrard", "Fabre", "Faure", "Fischer", "Fleury", "Fontaine", "Fournier", "Gaillard", "Garnier",
    "Gautier", "Germain", "Girard", "Grondin", "Guérin", "Haddad", "Hamon", "Henry", "Huber", "Humbert",
    "Jacquet", "Joly", "Keller", "Klein", "Lacroix", "Laurent", "Le Gall", "Lebrun", "Lefèvre", "Lemaire",
    "Leroy", "Loiseau", "Mahé", "Mallet", "Marchal", "Marty", "Masson", "Menard", "Mercier", "Meyer",
    "Meunier", "Monnier", "Moreau", "Muller", "N’Diaye", "Nguyen", "Noël", "O’Brien", "Olivier", "Perret",
    "Petit", "Picard", "Poirier", "Prévost", "Renard", "Rey", "Rivière", "Robin", "Rousseau", "Roux",
    "Roy", "Sauvage", "Schmitt", "Simon", "Tessier", "Thiébaut", "Traoré", "Vidal", "Vincent", "Wagner",
    "Weber", "Zimmermann",
)  # fmt: skip

SIREN_SPACE = 10_000_000
"""How many different numbers begin with 0 and end with their check digit."""


@dataclass(frozen=True, slots=True)
class InventedSeat:
    """One establishment of a company that does not exist."""

    siret: str
    address: str
    postcode: str
    town: str


@dataclass(frozen=True, slots=True)
class InventedCompany:
    """A company that does not exist. `group` is empty for one that stands alone."""

    number: int
    name: str
    group: str
    siren: str
    activity_code: str
    seats: tuple[InventedSeat, ...]
    """the first is the head office"""


@dataclass(frozen=True, slots=True)
class InventedPerson:
    """A person who does not exist."""

    number: int
    first_name: str
    last_name: str
    email: str
    phone: str
    language: str


def with_check_digit(digits: str) -> str:
    """Return the digits with the one after them that makes a register's number valid (Luhn)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return f"{digits}{-total % 10}"


def company(number: int) -> InventedCompany:
    """Return the company of this number, from 1 on. Every fifth to tenth belongs to a group."""
    if not 1 <= number < SIREN_SPACE:
        raise ValueError(
            f"there are {SIREN_SPACE - 1} invented companies, and number {number} is none"
        )
    draw = Random(f"company {number}")
    siren = with_check_digit(f"0{number * 7_919_317 % SIREN_SPACE:07d}")
    word = f"{draw.choice(FIRST_HALVES)}{draw.choice(SECOND_HALVES)}"
    seats = 1 + min(int(draw.expovariate(1.6)), 8)
    return InventedCompany(
        number=number,
        name=f"{draw.choice(TRADES)} {word}",
        group=_group_of(number),
        siren=siren,
        activity_code=draw.choice(ACTIVITIES),
        seats=tuple(_seat(siren, place, draw) for place in range(1, seats + 1)),
    )


def _group_of(number: int) -> str:
    """Return the group's name: of every forty companies ten stand in three groups."""
    block, place = divmod(number, 40)
    if place >= 10:
        return ""
    which = 0 if place < 5 else 1 if place < 8 else 2
    draw = Random(f"group {block} {which}")
    return f"Groupe {draw.choice(FIRST_HALVES)}{draw.choice(SECOND_HALVES)} {block * 3 + which + 1}"


def _seat(siren: str, place: int, draw: Random) -> InventedSeat:
    street = f"{draw.choice(STREETS)} {draw.choice(FIRST_HALVES)}{draw.choice(SECOND_HALVES)}"
    return InventedSeat(
        siret=with_check_digit(f"{siren}{place:04d}"),
        address=f"{draw.randint(1, 180)} {street}",
        postcode=f"00{draw.randint(0, 999):03d}",
        town=draw.choice(TOWNS),
    )


def person(number: int) -> InventedPerson:
    """Return the person of this number, from 1 on. No two have the same address."""
    draw = Random(f"person {number}")
    first_name, last_name = draw.choice(FIRST_NAMES), draw.choice(LAST_NAMES)
    name = "".join(char if char.isalnum() else "-" for char in fold(f"{first_name} {last_name}"))
    return InventedPerson(
        number=number,
        first_name=first_name,
        last_name=last_name,
        email=f"{name}.{number:06d}@people.example",
        # 01 99 00 is kept by the French authority for films and books.
        phone=f"+3319900{draw.randint(0, 9999):04d}" if draw.random() < 0.7 else "",
        language=draw.choices(("fr", "en", "de"), (8, 1, 1))[0],
    )
