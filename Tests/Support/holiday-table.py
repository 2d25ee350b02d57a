#!/usr/bin/env python3
"""Writes Sources/Forecasting/Calendar/HolidayData.swift from the package `holidays` of PyPI (MIT licence).

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install holidays==0.109
    /tmp/venv/bin/python Tests/Support/holiday-table.py > Sources/Forecasting/Calendar/HolidayData.swift

One line a holiday: its English name, then its dates. A date without a year (MMDD) holds in every year of the table;
the others are YYMMDD. Only holidays of the whole country are listed, on which its offices are closed, those moved to
a working day among them.
"""
import warnings

import holidays

warnings.simplefilter("ignore")
FIRST, LAST = 2020, 2040
COUNTRIES = """AE AR AT AU BE BG BR CA CH CL CN CO CY CZ DE DK EE EG ES FI FR GB GR HK HR HU ID IE IL IN IS IT JP KE
KR LT LU LV MA MT MX MY NG NL NO NZ PE PH PK PL PT RO RS SA SE SG SI SK TH TR TW US VN ZA""".split()
NAMES = {entry[1]: entry[0] for entry in holidays.registry.COUNTRIES.values()}


def spaced(name):
    out = ""
    for index, letter in enumerate(name):
        if index and letter.isupper() and not name[index - 1].isupper():
            out += " "
        out += letter
    return out


def table(code):
    kind = getattr(holidays, code)
    language = "en_US" if "en_US" in (kind.supported_languages or ()) else None
    days = {}
    for year in range(FIRST, LAST + 1):
        for day, names in kind(years=year, language=language).items():
            if day.year != year:
                continue
            for name in names.split("; "):
                days.setdefault(name, set()).add(day)
    lines = []
    # Some countries publish too little for the last years.
    every = {date.year for dates in days.values() for date in dates}
    assert every == set(range(FIRST, max(every) + 1)) and max(every) >= 2030, (code, every)
    for name, dates in sorted(days.items(), key=lambda item: (min(item[1]).timetuple().tm_yday, item[0])):
        by_date = {}
        for date in dates:
            by_date.setdefault((date.month, date.day), set()).add(date.year)
        fixed = sorted(key for key, years in by_date.items() if years == every)
        rest = sorted(date for date in dates if (date.month, date.day) not in fixed)
        words = ["%02d%02d" % key for key in fixed] + [date.strftime("%y%m%d") for date in rest]
        assert "|" not in name and '"""' not in name and "\\" not in name, name
        lines.append(name + "|" + " ".join(words))
    weekend = "".join(str(day) for day in sorted(kind.weekend))
    return weekend, max(every), lines


print("// swift-format-ignore-file")
print("// Written by Tests/Support/holiday-table.py; not edited by hand.")
print()
print("/// The public holidays of each country, as text; ``PublicHolidays`` reads it.")
print("enum HolidayData {")
print(f'  static let source = "holidays {holidays.__version__} (PyPI, MIT licence)"')
print()
print("  /// By ISO 3166 code: the name, the days of the weekend (Monday is 0), the years, and a line for each holiday.")
print("  static let countries: [String: (name: String, weekend: String, years: ClosedRange<Int>, lines: String)] = [")
for code in sorted(COUNTRIES):
    weekend, last, lines = table(code)
    print(f'    "{code}": (')
    print(f'      "{spaced(NAMES[code])}", "{weekend}", {FIRST}...{last},')
    print('      """')
    for line in lines:
        print("      " + line)
    print('      """),')
print("  ]")
print("}")
