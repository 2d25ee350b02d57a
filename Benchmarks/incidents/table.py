#!/usr/bin/env python3
"""Prints what score.py found as the tables of README.md: table.py SCORE.json"""
import json
import sys

score = json.load(open(sys.argv[1]))
total, rows = score["summary"], score["rows"]


def number(value, digits=0, none="–"):
    return none if value is None else f"{value:.{digits}f}"


coverage = total["eta_coverage"]
held = "–" if coverage is None else f'{100 * coverage:.1f}% of {total["eta_announcements"]}'
print("| | static thresholds | Harecast |\n| --- | ---: | ---: |")
for name, stock, own in [
    ("incidents announced", f'{sum(r.get("stock_delay_s") is not None for r in rows)} of {total["incidents"]}',
     f'{total["announced"]} of {total["incidents"]}'),
    ("ramping ones announced before the threshold", f'0 of {total["ramping"]}',
     f'{total["before_threshold"]} of {total["ramping"]}'),
    ("median lead, share of the ramp", "0", number(total["median_lead_share"], 2)),
    ("median time from onset to a right alert, s", number(total["stock_median_delay_s"], 1),
     number(total["median_delay_s"], 1)),
    ("type right at the first CRITICAL", "–", total["critical_type_right"].replace("/", " of ")),
    ("alerts of a wrong type", "–", total["wrong_type"]),
    (f'false alerts in {total["hours"]:.1f} h',
     f'{total["stock_rules_falsely_true"]} rules were true on a healthy cluster', total["false_alerts"]),
    ("95% interval of the time to the limit held", "–", held),
]:
    print(f"| {name} | {stock} | {own} |")
print("\n| run | onset to the threshold, s | onset to Harecast, s |\n| --- | ---: | ---: |")
for row in rows:
    if row["type"] == "none":
        print(f'| {row["run"]} | {row["stock_false"]} rules true | {row["false"]} false alerts |')
    else:
        print(f'| {row["run"]} | {number(row["stock_delay_s"])} | {number(row["delay_s"], 0, "missed")} |')
