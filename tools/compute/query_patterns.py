"""The patterns of conditions in a marked question, as a table."""

from __future__ import annotations

import re

from opsmith.tools.compute.query_words import COMPARISONS, IS, IS_NOT
from opsmith.tools.data.table import Table

C, V, N, D, S = (rf"§{letter}(\d+)" for letter in "cvnds")
_CMP = "|".join(words for words, _ in COMPARISONS)
_AUX = r"(?:(?:is|are|was|were|be|has|have|had|having|of|with|value|that|which|who)\s)*"
_LIST = rf"{V}(?:(?:\s*,\s*(?:and |or )?|\s(?:and|or|und|oder|y|o|et|ou)\s|\s*/\s*)§v\d+)*"

_MORE_THAN = re.compile(
    r"(?:\b(?:more than|less than|fewer than|at least|at most|over|under|above|below|exactly)|[<>]=?|≥|≤)\s*\d[\d,.]*\s+$"
)


def amount_of(table: Table, name: str, before: str) -> bool:
    """`more than 25 visits`: a column of numbers that is called so holds them, no rows need counting."""
    kinds = {c.kind for c in table.columns if c.name == name}
    return kinds <= {"integer", "number"} and bool(_MORE_THAN.search(before.lower()))


def patterns() -> list[tuple[str, str]]:
    """Every pattern of a condition with the name of the method that reads it, the surest first."""
    to = r"(?:and|to|-|–|bis|y|a|et|à|through)"
    number_between = rf"{_AUX}(?:between|from|in the range(?: of)?|zwischen|entre|von|de|aged?)?\s?{N}\s?{to}\s?{N}"
    return [
        (rf"{C}\s(?:is |are |was |were )?(?:not )?(?:between|from|zwischen|entre)\s{D}\s{to}\s{D}", "_dates_between"),
        (rf"(?:between|from|zwischen|entre|von|de)\s{D}\s{to}\s{D}", "_dates_between"),
        (rf"{C}\s{number_between}(?!\s?%)", "_between"),
        (rf"(?:aged\s)?(?:between|aged|from)\s{N}\s{to}\s{N}(?:\s(?:in|of|for)?\s?{C})?", "_between_after"),
        (rf"(?P<sign>negative|positive)\s(?:values? (?:of|in|for)\s)?(?:the )?{C}|{C}\s(?:is |are |was |were )?(?P<sign2>negative|positive)", "_signed"),
        (rf"{C}\s{_AUX}(?P<cmp>{_CMP})\s(?:the\s)?{D}", "_date_compared"),
        (rf"{C}\s{_AUX}(?P<no>not\s)?(?P<cmp>{_CMP})\s(?:the )?{N}", "_compared"),
        (rf"(?P<no>not\s)?(?P<cmp>{_CMP})\s(?:the )?{N}\s(?:of\s|in\s|for\s)?{C}(?!\s(?:{_CMP}))", "_compared_after"),
        (rf"{C}\s{_AUX}{N}\s?(?:or|and)\s(?P<more>more|above|over|higher|older|greater|longer|less|under|below|lower|fewer|younger|up)\b", "_or_more"),
        (rf"{N}\s?(?:or|and)\s(?P<more>more|above|over|higher|older|greater|longer|less|under|below|lower|fewer|younger|up)(?:\s{C})?", "_or_more"),
        (rf"(?P<no>not\s)?(?P<scale>\w+er|more|less)\s?than\s{N}|(?P<cmp>{_CMP})\s{N}", "_compared_bare"),
        (rf"(?:{IS_NOT})\s(?:a |an |any )?(?P<miss>missing|empty|blank|null|nan|known|given|filled(?: in)?|present|there)\s{C}|{C}\s(?:{IS_NOT})\s(?P<miss2>missing|empty|blank|null|nan|none|known|given|filled(?: in)?|present|there|recorded|available)", "_not_missing"),
        (rf"{C}\s(?:is|are|was|were|has|have|ist|sind|es|est)\s(?P<miss>missing|empty|blank|null|nan|unknown|not available|no values?|absent|filled(?: in)?|known|given|present|recorded|available)", "_is_missing"),
        (rf"(?:with|has|have|had|having|whose|where)\s(?:a |an |the )?(?P<miss>missing|empty|blank|null|nan|known|no)\s{C}", "_is_missing"),
        (rf"(?:whose|where|with|and|names?|titles?)?\s?{C}\s(?:that |which |does |do )?(?P<no>not |n't |doesn't |don't )?(?P<how>contain(?:s|ing)?|includ(?:es|ing)?|mention(?:s|ing)?|start(?:s|ing)? with|begin(?:s|ning)? with|end(?:s|ing)? (?:with|in)|has the word|with the words?|like|enth[äa]lt|contiene|contient)\s(?:the |words? |text |term |phrase |letters? )*(?:{S}|{V}|(?P<as_word>§c\d+)|(?P<word>[^\s§?.,]+))", "_text"),
        (rf"(?P<no>not |n't |doesn't |don't )?(?P<how>contain(?:s|ing)?|mention(?:s|ing)?|start(?:s|ing)? with|begin(?:s|ning)? with|end(?:s|ing)? (?:with|in)|includ(?:es|ing))\s(?:the |words? |text |term |phrase )*(?:{S}|{V}|(?P<as_word>§c\d+)|(?P<word>[^\s§?.,]+))(?:\sin\s(?:the |their |its )?{C})?", "_text"),
        (rf"{C}\s(?:{IS_NOT})\s(?:in |one of |any of |equal to |among )?(?:a |an |the |either )?(?P<list>{_LIST})", "_is_not_value"),
        (rf"{C}\s(?:(?:is|are|was|were|has|have|had|equals?|equal to|of|=|==|:|ist|sind|es|est|in|one of|any of|among|either|being|named|called|from|on|at|to)\s)*\(?\s?(?:a |an |the |either )?(?P<list>{_LIST})\)?", "_is_value"),
        (rf"(?P<not>(?:{IS_NOT}|non|no)\s?-?\s?(?:(?:the|in|from|a|an|for|on|with|of|by|at|to|those|these|ones|people|anyone|everyone|all|who|that|are|were|is|was|made|built|run|sold|born|\w+ed) )*)(?P<list>{_LIST})(?:\s{C}(?!\s?(?:{IS}|{_CMP})))?", "_loose_not_value"),
        (rf"(?P<list>{_LIST})(?:\s{C}(?!\s?(?:{IS}|{_CMP}|rate)))?", "_loose_value"),
        (rf"{C}\s(?:(?:is|are|was|were|equals?|equal to|=|==|:|of|number|no\.?|on)\s)*{N}(?!\s?(?:rows|§c))", "_equals"),
        (rf"{C}\s(?:{IS_NOT})\s{N}", "_not_equals"),
        (rf"(?:with|has|have|having|and|had|for)\s(?:exactly |just |only )?{N}\s{C}", "_with_number"),
        (rf"{C}\s(?:(?:is|was|of|on|in|during)\s)*{D}|(?:{IS_NOT})\s(?:in |during |on )?(?P<not>){D}", "_on_date"),
        (rf"(?P<when>since|after|from|later than|starting(?: in| from| on)?|before|until|till|up to|prior to|earlier than|by|seit|nach|vor|bis|desde|hasta|antes de|depuis|avant|après|not before)\s(?:the )?{D}(?:\son(?:wards)?)?", "_since"),
        (rf"(?:in|during|on|of|for|at|im|am|en|dans|within|over|with|year)?\s?(?:the )?(?:year |month of )?{D}(?:(?:\sand\s|\sor\s|\s?,\s?(?:and |or )?)§d\d+)*", "_in_time"),
    ]  # fmt: skip
