"""Words of a question that name nothing in the table: asked about with near names, or said not to be used."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from opsmith.tools.compute.query_values import ValueIndex
from opsmith.tools.compute.query_words import AGGREGATES, NUMBER_WORDS, ROW_NOUNS, STOP, name_words, stem
from opsmith.tools.contract import NeedsAnswer
from opsmith.tools.data.paths import nearest

if TYPE_CHECKING:
    from opsmith.tools.compute.query_read import Reader, Reading


# words of questions that name nothing in a table
_VERBS = frozenset(
    """pay pays paid spend spends spent cost costs costing earn earns earned travel travelled traveled fly flew flying use uses used using buy buys bought sell sells sold make makes made take takes took
    taken get gets got happen happens happened occur occurs occurred live lives living born leave leaves left go goes went gone come comes arrive arrives arrived depart departs departed run runs ran start
    starts started end ends ended work works worked stay stays stayed use own owns owned belong belongs come look looks looking answer question tell say says said named called know think mean means compare
    compared comparing comparison difference differences differ differs versus vs between relation relationship related correlate correlated associated depend depends likely chance chances odds probability
    trend trends time rate rates ratio margin distribution spread range summary summarise summarize describe description statistics stats histogram plot chart graph draw show list sorted sort order ordered
    ranked rank ranking descending ascending broken split grouped separate separately respectively together only just exactly around about approximately roughly ever never always usually typically currently
    late early old young high low higher lower highest lowest large small largest smallest biggest big best worst top bottom most least more less fewer greater longer shorter older younger cheaper cheapest
    expensive oldest youngest longest shortest fastest slowest newest latest earliest first last random sample head tail per percent percentage share part proportion fraction amount number figure single
    unit units dollar dollars euro euros km miles minutes minute hours hour seconds years year months month weeks week days day daily weekly monthly yearly annual annually today date dates
    that's what's who's there's don't doesn't didn't isn't aren't wasn't weren't won't can't i'm we're they're you're let's please thanks thank hello hi hey ok okay yes no not non also too really actually
    such like same other another others else whole entire complete full given existing available present recorded typical common frequent popular popularity often usual overall general combined sum total
    duplicate duplicates duplicated identical repeated missing empty blank null nulls nan gaps filled unknown lacking lacks lack distinct unique different various columns column fields field names name values
    value kinds kind types type categories category groups group levels level long short far much many few several both either neither each every all any some none highest maximum minimum max min average
    avg median mean std deviation standard variance quantile percentile quartile correlation distribution relate percentile th st nd rd calculate compute count counted counts find give sum
    people's perform performs performed performing generate generates bring brings record with having has have had been do does did is are was were be being will would can could should may might shall
    data dataset table file rows row record records lines entries question sql query result results plus minus times divided multiplied over under above below within without across along among amongst
    through throughout during since until before after again further then once here there when where why how which who whom whose what this that these those it its they them their theirs he she his her him
    my mine your yours our ours i me we us you a an the and or but if because as of at by for about against into to from up down in out on off so than very s t just now than against contain contains
    containing starting ending include includes including mention mentions mentioning begin begins word words text letter letters one ones whether while anything something everything nothing weird
    break down further breakdown evolve evolved evolution develop developed change changed changes grow grew grown increase increased decrease decreased drop dropped rise rose fall fell fallen season
    join joined merge merged files both tables match matched together
    biggest sort sorting lowest profitable selling earning rated rating delayed populous costliest gender's sexes genders""".split()
)


_OTHER_LANGUAGE = re.compile(
    r"\b(?:quel\w*|combien|valeurs|dans|nombre|moyenne|wie|welche\w*|gibt|durchschnitt\w*|viele|cu[aá]l\w*|cu[aá]nt\w*|promedio|cada|hay|valores)\b|[\u4e00-\u9fff]",
    re.IGNORECASE,
)


def unknown_word(reader: Reader) -> str:
    """A word of the question that names nothing in the table and is no everyday word of questions; '' without one."""
    if _OTHER_LANGUAGE.search(reader.g.question):
        return ""  # its everyday words are not listed here
    own = {stem(w) for w in name_words(reader.kinds.table.path.name)}
    for word in re.findall(r"[^\W\d_]\w{2,}(?:-\w+)*", re.sub(r"§\w\d+", " ", reader.text)):
        low = word.lower()
        if low in STOP or low in _VERBS or low in ROW_NOUNS or low in NUMBER_WORDS or stem(low) in own:
            continue
        if any(re.fullmatch(p, low) for _, p in AGGREGATES) or not low.isascii():
            continue
        return word
    return ""


def near_names(reader: Reader, word: str) -> list[str]:
    """Column names, and values, most like a word; else the first columns."""
    names = reader.kinds.table.column_names
    near = nearest(word, names) + ValueIndex(reader.kinds.table).near(word) if word else []
    return near or names[:8]


def ask_measure(reader: Reader, made: Reading, unknown: str) -> None:
    names = [c.name for c in reader.kinds.table.columns if reader.kinds.is_number(c)]
    words = {"mean": "mean", "sum": "total", "max": "highest", "min": "lowest", "std": "standard deviation"}
    figure = words.get(made.aggs[0], made.aggs[0])
    if unknown:
        near = list(nearest(unknown, names)) or names
        raise NeedsAnswer(
            f"{reader.kinds.table.name} has no column “{unknown}”. The {figure} of which column?", near[:8]
        )
    raise NeedsAnswer(f"The {figure} of which column?", names[:8])


def ask_or_note(reader: Reader, unknown: str) -> None:
    """A word in the place of a condition that names nothing is asked about; elsewhere it is said that it was not used."""
    if re.search(
        rf"\b(?:for|in|from|with|where|among|only|on|called|named|except|excluding|without)\s(?:the |a |an |all )*(?:\w+ )?{re.escape(unknown)}\b",
        reader.text,
    ):
        raise NeedsAnswer(
            f"{reader.kinds.table.name} has no column or value “{unknown}”. What do you mean by it?",
            near_names(reader, unknown),
        )
    reader.notes.append(f"“{unknown}” is no column or value here, so it was not used.")
