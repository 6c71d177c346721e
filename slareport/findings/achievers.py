"""Who does well beyond what luck explains: each person against everybody, easy and hard segments set aside."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from slareport import format as fmt
from slareport.findings.finding import ALPHA, Finding
from slareport.statistics.forecasting import chance_of_at_least, win_distribution
from slareport.statistics.looks import adjusted
from slareport.statistics.shrinkage import observed_over_expected, shrunk_rates

FEWEST = 10
FEWEST_PEOPLE = 3
METHOD = (
    "Each person against what the same segments give everybody; the chance of as much by luck is exact (Poisson-"
    "binomial) and adjusted for the number of people (Benjamini and Hochberg). Rates are drawn to the team's the more, "
    "the fewer items they stand on. People below {fewest} items are listed and not compared."
)
WINNING = {"title": "Won more than luck explains", "did": "won", "items": "decided deals"}
KEEPING = {
    "title": "Kept promises more than luck explains",
    "did": "kept",
    "items": "promises due",
}


def winners(deals: pd.DataFrame, over: str) -> Finding:
    """Who wins more of the decided deals than the same mix of segments usually gives.

    `deals` has a row per decided deal: `owner` as people know them, `segment`, and `kept`, whether it was won; `over`
    says in words when that was. See `standing` for the frame.
    """
    return _praise("winners", deals, over, WINNING)


def keepers(items: pd.DataFrame, over: str) -> Finding:
    """Who keeps more of the promises they held when due. Arguments as for `winners`.

    `items` has a row per promise and item that was due: `owner` when due, `segment` and `kept`.
    """
    return _praise("keepers", items, over, KEEPING)


def standing(items: pd.DataFrame) -> pd.DataFrame:
    """Each person against everybody, the best first.

    `items` has a row per item: `owner`, `segment` and `kept`. Returns, by owner: `kept` of `n`, the `raw` rate, what
    the same segments give everybody (`expected`), the `ratio` of the two with its range `low`, `high`, the
    `shrunk` rate and its `rank` (who cannot be told apart shares one), the `chance` of as much by luck, and whether
    that is `sure`. Rank, chance and ratio are missing for people with fewer than ten items.
    """
    whole = observed_over_expected(items["owner"], items["segment"], items["kept"])
    enough = whole["n"].ge(FEWEST)
    expected = items["kept"].astype(float).groupby(items["segment"], dropna=False).transform("mean")
    chances = pd.Series(
        {
            owner: chance_of_at_least(win_distribution(rates.clip(0, 1)), whole.loc[owner, "observed"])
            for owner, rates in expected.groupby(items["owner"])
            if enough[owner]
        },
        dtype=float,
    )
    prior, rates = shrunk_rates(whole["observed"], whole["n"])
    table = whole.rename(columns={"observed": "kept"}).join(rates[["raw", "shrunk"]])
    table["rank"] = shrunk_rates(whole["observed"][enough], whole["n"][enough], prior).rates["rank"]
    table["chance"] = pd.Series(adjusted(chances), chances.index, dtype=float)
    table[["ratio", "low", "high"]] = table[["ratio", "low", "high"]].where(enough)
    table["sure"] = table["chance"].le(ALPHA)
    order = ["n", "kept", "raw", "expected", "ratio", "low", "high", "shrunk", "rank", "chance", "sure"]
    return table.assign(name=table.index).sort_values(
        ["rank", "shrunk", "name"], ascending=[True, False, True], kind="stable"
    )[order]


def _praise(name: str, items: pd.DataFrame, over: str, words: Mapping[str, str]) -> Finding:
    method = METHOD.format(fewest=FEWEST)
    table = standing(items.dropna(subset="owner"))
    compared = table["chance"].notna()
    if compared.sum() < FEWEST_PEOPLE:
        said = f"Too few {words['items']} to compare people: {FEWEST_PEOPLE} need at least {FEWEST} each."
        return Finding(name, words["title"], said, table, method)
    best = table[table["sure"]]
    if best.empty:
        said = f"Of {compared.sum()} people nobody {words['did']} more than luck explains, {over}."
        return Finding(name, words["title"], said, table, method)
    told = [
        f"{owner} {words['did']} {fmt.count(row['kept'])} of {fmt.count(row['n'])} {words['items']} {over}, where "
        f"the same mix of segments usually gives {fmt.count(row['expected'])}"
        for owner, row in best.iterrows()
    ]
    tie = ", and cannot be told apart" if len(best) > 1 and best["rank"].nunique() == 1 else ""
    return Finding(
        name, words["title"], f"{'; '.join(told)}{tie}: luck is an unlikely explanation.", table, method, True
    )
