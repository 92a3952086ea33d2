"""The words of questions: aggregates, comparisons, groups and order, in English and the commonest words of four more languages."""

from __future__ import annotations

import re

# one line a meaning; alternatives are regular expressions over lower-case text in which names already stand as §c0, §v1, §n2
AGGREGATES: tuple[tuple[str, str], ...] = (
    ("corr", r"correlations?|correlat\w+|correlates?|corr|korrelation|korreliert|correlaci[oó]n|corr[ée]lation|相关性?|associated|linear relation\w*|relationship|related"),
    ("median", r"median|mediana|m[ée]diane|typical|中位数?"),
    ("quantile", r"quantiles?|percentiles?|p(?:1|5|10|25|75|90|95|99)|quartiles?|deciles?|分位数?"),
    ("std", r"standard deviations?|std(?:dev)?|deviation|spread|variability|volatility|standardabweichung|desviaci[oó]n|[ée]cart[- ]type|标准差"),
    ("variance", r"variance|varianz|varianza"),
    ("mean", r"averages?|averaging|avg|mean|on average|durchschnitt\w*|mittelwert|mittlere[rsn]?|promedio|media|moyennes?|moyen|平均值?"),
    ("sum", r"sum|totals?|summe|gesamt\w*|suma|somme|total|combined|altogether|overall sum|add(?:s|ed)? up|总和|总计|合计"),
    ("mode", r"mode|modal value"),
    ("iqr", r"inter-?quartile range|iqr"), ("range", r"(?<!quartile )range|min(?:imum)? and max(?:imum)?|max(?:imum)? and min(?:imum)?|lowest and highest|highest and lowest|smallest and largest|extremes"),
    ("max", r"max(?:imum)?|maximal\w*|höchste[rns]?|gr[öo]ßte[rns]?|m[áa]xim[oa]|最大值?|最高"),
    ("min", r"min(?:imum)?|minimal\w*|niedrigste[rns]?|kleinste[rns]?|m[íi]nim[oa]|最小值?|最低"),
    ("unique", r"(?:different|distinct|unique|various|verschiedene\w*|distint[oa]s|diff[ée]rent[es]*|不同)"),
    ("missing", r"missing|nulls?|nans?|empty|blanks?|not filled(?: in)?|unfilled|absent|unknown values|no values?|lack(?:s|ing)?|fehl\w+|faltan\w*|falten|faltantes|vac[íi][oa]s|manquant\w*|manque\w*|vides?|缺失值?|空值"),
    ("share", r"shares?|percent(?:age)?s?|%|proportions?|fractions?|ratio of rows|what part|pct|anteil|prozent\w*|porcentaje|proporci[oó]n|pourcentage|比例|占比|百分比"),
    ("top", r"most (?:common|frequent|often|popular|used|typical|numerous)|(?:most|least) frequently|commonest|least (?:common|frequent|popular|used)|rarest|frequenc(?:y|ies)|value counts|häufigste[rns]?|seltenste[rns]?|m[áa]s (?:comun(?:es)?|com[úu]n|frecuentes?)|plus (?:fr[ée]quent\w*|courant\w*)|最常见"),
    ("count", r"how many|how often|count|counts|number of|no\. of|amount of (?=rows|records|people|customers)|wie ?viele|wie oft|anzahl|cu[áa]nt[oa]s?|n[úu]mero de|combien|nombre d[e']|多少|几个|数量|行数"),
)  # fmt: skip

AT_LEAST = r"(?:at least|no less than|no fewer than|not less than|not (?:under|below)|minimum of|a minimum of|(?:greater|more) than or equal(?: to)?|>=|≥|=>|mindestens|al menos|au moins)"
AT_MOST = r"(?:at most|no more than|not more than|not (?:over|above)|up to|maximum of|a maximum of|(?:less|fewer|smaller) than or equal(?: to)?|<=|≤|=<|höchstens|como m[áa]ximo|au plus)"
OVER = r"(?:over|above|more than|greater than|higher than|larger than|bigger than|longer than|farther than|further than|older than|taller than|heavier than|faster than|later than|costlier than|exceed(?:s|ing)?|in excess of|beyond|past|>|über|mehr als|größer als|höher als|älter als|länger als|m[áa]s de|mayor(?:es)? (?:que|de|a)|superior(?:es)? a|plus de|sup[ée]rieure?s? à|大于|超过|高于)"
UNDER = r"(?:under|below|less than|fewer than|lower than|smaller than|shorter than|younger than|cheaper than|nearer than|closer than|lighter than|slower than|earlier than|beneath|<|unter|weniger als|kleiner als|jünger als|kürzer als|menos de|menor(?:es)? (?:que|de|a)|inferior(?:es)? a|moins de|inf[ée]rieure?s? à|小于|低于|少于)"
COMPARISONS = ((AT_LEAST, ">="), (AT_MOST, "<="), (OVER, ">"), (UNDER, "<"))
IS = r"(?:is|are|was|were|be|being|equals?|equal to|of|=|==|:|ist|sind|es|son|est|sont)"
IS_NOT = r"(?:is not|are not|was not|were not|isn'?t|aren'?t|wasn'?t|weren'?t|not|!=|<>|other than|different from|except(?: for)?|excluding|outside(?: of)?|without|but not|ist nicht|sind nicht|nicht|no es|n'est pas|ohne|sin|sans)"
BY = r"(?:(?:grouped |group |broken down |break(?:ing)? (?:it )?down |split |splitted |separated |divided |differ\w* )?by|per|for each|for every|for all|each|every|across(?: the)?(?: different)?|in each|within each|depending on|as a function of|nach|pro|je|para cada|por|pour chaque|par|según|按)"
AND = r"(?:,\s*and|,|and|&|und|y|et|和|then by|plus)"

# words that stand for another word of a name; every row is one family
FAMILIES: tuple[tuple[str, ...], ...] = (
    ("sex", "gender"), ("price", "cost", "fare", "rate"), ("charge", "fee", "bill", "cost"), ("income", "salary", "wage", "earning", "pay"),
    ("country", "nation"), ("customer", "client"), ("quantity", "qty", "units"), ("product", "item"), ("number", "num", "no", "nr", "count", "cnt"),
    ("average", "avg"), ("percent", "perc", "pct", "percentage"), ("year", "yr"), ("month", "mnth", "mon"), ("hour", "hr"), ("minute", "min"),
    ("temperature", "temp"), ("humidity", "hum", "humid"), ("weight", "mass"), ("airline", "carrier", "operator"), ("destination", "dest"), ("airport", "faa"),
    ("departure", "dep"), ("arrival", "arr"), ("scheduled", "sched"), ("longitude", "lon", "lng"), ("latitude", "lat"), ("altitude", "alt", "elevation"),
    ("profession", "occupation", "job"), ("revenue", "sales", "turnover", "total"), ("discount", "rebate"), ("rating", "score", "stars"), ("claim", "clm"),
    ("amount", "sum"), ("area", "region"), ("zip", "postal", "postcode"), ("kind", "type"), ("plane", "aircraft"), ("engine", "eng"), ("manufacturer", "maker", "brand", "make"),
    ("adjusted", "adj"), ("volume", "vol"), ("description", "desc"), ("department", "dept"), ("marital", "married"), ("genre", "category"), ("duration", "length"),
    ("vehicle", "car", "auto"), ("rental", "cnt", "rent"), ("ticker", "symbol", "stock"), ("premium", "premiums"), ("deceased", "died"), ("kids", "children", "child"),
    ("length", "len"), ("speed", "velocity"), ("address", "addr"), ("identifier", "id"), ("reference", "ref"), ("wind", "gust"), ("tenure", "seniority"),
)  # fmt: skip
# how a value may be said otherwise: the said word, and what stands in cells
SAID: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("men", ("male", "m")), ("man", ("male", "m")), ("males", ("male", "m")), ("boys", ("male", "m")), ("männer", ("male", "m")), ("hombres", ("male", "m")), ("hommes", ("male", "m")),
    ("male", ("m",)), ("female", ("f",)), ("women", ("female", "f")), ("woman", ("female", "f")), ("females", ("female", "f")), ("girls", ("female", "f")), ("ladies", ("female", "f")),
    ("frauen", ("female", "f")), ("mujeres", ("female", "f")), ("femmes", ("female", "f")), ("first", ("1st", "first class")), ("second", ("2nd", "second class")), ("third", ("3rd", "third class")),
    ("usa", ("united states", "united-states", "us")), ("us", ("united states", "united-states", "usa")), ("uk", ("united kingdom", "england")), ("married", ("married-civ-spouse",)),
    ("homeowners", ("owner",)), ("renters", ("rent",)), ("junk", ("spam",)), ("manual workers", ("blue-collar",)), ("nighttime", ("night",)),
)  # fmt: skip
# adjectives that carry a column with them: stem -> words looked for in column names, and whether more means the high end
SCALES: tuple[tuple[str, tuple[str, ...], bool], ...] = (
    (r"oldest|elderly|older", ("age", "year", "date"), True), (r"youngest|younger", ("age",), False), (r"newest|latest|most recent", ("date", "time", "year"), True),
    (r"earliest", ("date", "time", "year"), False), (r"most expensive|priciest|costliest|dearest|expensive", ("price", "cost", "fare", "charge", "amount", "total", "value"), True),
    (r"cheapest|least expensive|cheaper", ("price", "cost", "fare", "charge", "amount", "total", "value"), False), (r"longest|longer|farthest|furthest|farther", ("duration", "distance", "length", "time", "tenure", "minutes"), True),
    (r"shortest|shorter|nearest|closest", ("duration", "distance", "length", "time", "tenure", "minutes"), False), (r"heaviest|heavier", ("weight", "mass"), True), (r"lightest", ("weight", "mass"), False),
    (r"tallest|taller", ("height",), True), (r"fastest|faster", ("speed",), True), (r"slowest|slower", ("speed",), False), (r"hottest|warmest|hotter", ("temp", "temperature"), True), (r"coldest|colder", ("temp", "temperature"), False),
    (r"richest|wealthiest", ("income", "wealth", "balance", "assets"), True), (r"poorest", ("income", "wealth", "balance", "assets"), False), (r"most profitable|best[- ]earning", ("profit", "margin"), True),
    (r"least profitable", ("profit", "margin"), False), (r"best[- ]selling|bestselling", ("quantity", "sales", "units"), True), (r"worst[- ]selling", ("quantity", "sales", "units"), False),
    (r"most delayed|latest running", ("delay",), True), (r"most populous", ("population",), True), (r"best[- ]rated|highest[- ]rated|top[- ]rated", ("rating", "score", "stars"), True), (r"worst[- ]rated|lowest[- ]rated", ("rating", "score", "stars"), False),
)  # fmt: skip
# units behind a number, and the column words that they speak of
UNITS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"km|kms|kilomet\w+|miles?|mi|meters?|metres?|feet|ft", ("distance", "km", "miles", "mileage", "height", "altitude", "length")), (r"years? old|years? of age|jahre alt|años", ("age",)),
    (r"\$|usd|dollars?|eur|euros?|€|£|pounds sterling", ("price", "cost", "fare", "charge", "amount", "sales", "revenue", "income", "total", "balance", "gross", "premium", "profit")),
    (r"mph|km/h|knots?", ("speed",)), (r"kg|kilos?|lbs?|grams?", ("weight", "mass")), (r"minutes?|mins?", ("minute", "delay", "duration", "time")), (r"seconds?|secs?", ("second", "duration", "time")),
    (r"hours?|hrs?", ("hour", "duration")), (r"months?", ("month", "tenure", "duration", "term")), (r"years?", ("year", "age", "tenure", "experience", "seniority")), (r"stars?", ("star", "rating")),
    (r"degrees?|°c|°f", ("temp", "temperature")), (r"kids|children", ("children",)), (r"votes?", ("votes",)), (r"seats?", ("seats",)), (r"characters?|letters?", ("length",)),
)  # fmt: skip
ROW_NOUNS = frozenset(
    """row rows record records line lines entry entries case cases observation observations example examples item items instance instances sample samples datum people person persons
    individual individuals customer customers client clients passenger passengers patient patients user users member members subscriber subscribers employee employees worker workers student
    students buyer buyers visitor visitors driver drivers applicant applicants borrower borrowers policyholder policyholders guest guests household households human humans resident residents
    order orders transaction transactions purchase purchases sale invoice invoices payment payments call calls claim claims policy policies contract contracts loan loans application applications
    flight flights trip trips ride rides rental rentals strike strikes incident incidents accident accidents event events visit visits session sessions message messages text texts review reviews
    movie movies film films song songs book books track tracks product products plane planes aircraft airport airports airline airlines car cars vehicle vehicles house houses home homes day days
    adult adults child traveller travelers traveler travellers ticket tickets stock stocks subscriber account accounts
    zeilen zeile datensätze kunden personen filas fila clientes personas registros lignes ligne clients personnes 行 条 客户 人""".split()
)
STOP = frozenset(
    """a an the of in on at to for from with by and or is are was were be been being do does did has have had having what which who whom whose how much many there here that this these those it its
    their his her our your my me we us you they them i please show tell give list display find get compute calculate determine return see want need know can could would should will let lets s all any
    some each every per into within among amongst between than then as so if when where while about across over under out up down most least more less very just only also both either neither not no
    value values column columns field fields data dataset table file rows total number figure figures overall average result results many kind kinds sort sorts type group groups grouped category different
    der die das den dem des ein eine einer eines im in und oder ist sind wie viele was welche welcher welches für von mit nach aus zu bei gibt es
    el la los las un una de del en y o es son qué que cuál cual cuáles hay para con por se le les des du et ou est sont quel quelle quels quelles dans pour avec sur y-a-t-il il elle combien
    的 是 在 里 中 有 和 与 请 个 我 多少 每个 每""".split()
)
NUMBER_WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40,
    "fifty": 50, "sixty": 60, "hundred": 100, "thousand": 1000, "million": 1_000_000,
}  # fmt: skip
GRAINS: tuple[tuple[str, str], ...] = (
    ("weekday", r"day of (?:the )?week|weekdays?|days of the week|wochentag\w*"), ("hour_of_day", r"hours? of (?:the )?day"), ("month_of_year", r"months? of (?:the )?year|calendar month|seasonal\w*"),
    ("year", r"years?|annual(?:ly)?|yearly|jahre?|jährlich|años?|anual\w*|ann[ée]es?|ans?|年"), ("quarter", r"quarters?|quarterly|quartal\w*|trimestres?|季度"),
    ("month", r"months?|monthly|monate?|monatlich|mes(?:es)?|mensual\w*|mois|mensuel\w*|月"), ("week", r"weeks?|weekly|wochen?|wöchentlich|semanas?|semanal\w*|semaines?|周"),
    ("day", r"days?|daily|dates?|tage?|täglich|d[íi]as?|diari\w*|jours?|quotidien\w*|天|日"), ("hour", r"hours?|hourly|stunden?|horas?|heures?|小时"),
)  # fmt: skip
OVER_TIME = r"(?:over (?:the )?(?:time|years|months|weeks|days)|trends?|through (?:the )?(?:time|years|months)|(?:has|have|did|does)? ?(?:changed?|developed?|evolved?|moved?|grown?) over|evolution|development|time series|timeline|verlauf|entwicklung|evoluci[óo]n|tendencia|[ée]volution|tendance|趋势)"


def number_word(word: str, before: str) -> int | None:
    """The number that a word says; `one` counts only after a comparison.

    >>> number_word("three", "top "), number_word("one", "more than "), number_word("one", "which ")
    (3, 1, None)
    """
    said = word.lower()
    if said == "one" and not re.search(r"\b(?:than|least|most|over|above|under|below|exactly) $", before):
        return None
    return NUMBER_WORDS.get(said)


def stem(word: str) -> str:
    """A word without its plural and the commonest endings; good enough to compare a question with a column name.

    >>> stem("categories"), stem("flights"), stem("smoking"), stem("churned"), stem("class")
    ('category', 'flight', 'smok', 'churn', 'class')
    """
    low = word.lower()
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("ches", "ch"), ("xes", "x")):
        if low.endswith(ending) and len(low) > len(ending) + 2:
            return low[: -len(ending)] + instead
    if low.endswith("s") and not low.endswith(("ss", "us", "is")) and len(low) > 3:
        low = low[:-1]
    for ending in ("ing", "ed", "ers", "er"):
        if low.endswith(ending) and len(low) - len(ending) >= 4:
            return low[: -len(ending)].removesuffix("e")
    return low.removesuffix("e") if len(low) > 4 else low


def name_words(name: str) -> list[str]:
    """The words of a column name: `MonthlyCharges`, `dep_delay` and `Ship Mode` come apart.

    >>> name_words("MonthlyCharges"), name_words("hours-per-week"), name_words("customerID")
    (['monthly', 'charges'], ['hours', 'per', 'week'], ['customer', 'id'])
    """
    apart = re.sub(r"(?<=[a-zà-ÿ])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return [w.lower() for w in re.findall(r"[^\W_]+", apart)]


def alike(said: str, word: str) -> float:
    """How well a said word fits a word of a name, 0 to 1: the same, a family, an abbreviation, a slip of the hand."""
    a, b = stem(said), stem(word)
    if said == word or a == b:
        return 1.0
    for family in FAMILIES:
        stems = {stem(f) for f in family}
        if a in stems and b in stems:
            return 0.9
    if len(b) >= 3 and len(a) > len(b) + 1 and a.startswith(b) and len(b) >= 0.3 * len(a):
        return 0.85  # dep for departure
    if len(a) >= 4 and b.startswith(a) and len(b) - len(a) <= 4:
        return 0.85  # surviv for survived
    if min(len(a), len(b)) >= 5 and a[0] == b[0]:
        from rapidfuzz.distance import DamerauLevenshtein

        if DamerauLevenshtein.distance(a, b) <= (1 if min(len(a), len(b)) < 8 else 2):
            return 0.8
    return 0.0
