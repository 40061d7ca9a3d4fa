"""Holidays of the Python package `holidays`, and Easter of `dateutil`.

    python holidays_golden.py > crates/ensue-forecast/tests/golden/holidays.json

`easter`: month and day of 1900 to 2099, western and Orthodox (by today's calendar), `dateutil.easter`. `days`: national public
holidays by calendar and year as month and day; 2000 to 2050 for the calendars of 2019, five years for the others. `names`: those of
2019 with their English names, for the calendars of 2019.

    pip install holidays==0.109 python-dateutil==2.9.0
"""

import json
import sys
import warnings

import holidays
from dateutil.easter import EASTER_ORTHODOX, EASTER_WESTERN, easter

FIRST = "AU DE JP US UK".split()
OTHERS = (
    "AT BE BG BO BR BY CA CH CO CZ DK EC EE ES FI FR GR HR HU IE IS IT LI LT LU LV MD ME MT MX "
    "NI NL NO NZ PA PE PL PT RO RS RU SE SI SK UA UY VE ZA"
).split()
warnings.simplefilter("ignore")


def of(code, years):
    kind = holidays.country_holidays("GB" if code == "UK" else code)
    language = "en_US" if "en_US" in kind.supported_languages else None
    return holidays.country_holidays("GB" if code == "UK" else code, years=years, language=language)


def days(code, years):
    found = of(code, years)
    of_year = lambda year: " ".join(f"{day:%m%d}" for day in sorted(found) if day.year == year)
    return {str(year): of_year(year) for year in years}


out = {
    "easter": {
        name: " ".join(f"{easter(year, method):%m%d}" for year in range(1900, 2100))
        for name, method in [("western", EASTER_WESTERN), ("orthodox", EASTER_ORTHODOX)]
    },
    "names": {code: {f"{day:%m%d}": name for day, name in sorted(of(code, [2019]).items())} for code in FIRST},
    "days": {code: days(code, range(2000, 2051)) for code in FIRST}
    | {code: days(code, [2005, 2012, 2019, 2024, 2030]) for code in OTHERS},
}
json.dump(out, sys.stdout, indent=0)
print()
