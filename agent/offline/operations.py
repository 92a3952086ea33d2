"""Which cleaning and feature operations, and which query aggregate, a sentence asks for."""

from __future__ import annotations

import re

CLEAN: tuple[tuple[str, str], ...] = (
    ("dedupe", r"de-?dup|duplicat|dubletten|duplikat|doppelte|doublon|repetid|repeated|repeats\b|identical (rows|records|lines)|redundant (rows|records)|twice|double entries|doubled|(unique|distinct) rows|copies of|去重|重复"),
    ("drop_missing", r"(drop|remove|delete|discard|throw (out|away)|get rid of|toss|exclude|quita|elimina|supprime|enlève|entfern\w*|lösch\w*|删除)\b.{0,40}(missing|without|with no|null|nan|empty|blank|incomplete|sin |sans |vid|vací|leer|fehlend|ohne|缺失|空)|只保留完整"),
    ("impute", r"imput|(fill|replace|patch|plug|substitut|rellena|remplis|remplace|auffüll|füll|ersetz)\w*.{0,40}(missing|gaps?|blank|null|nan|hole|empty|vac|manqu|fehlend|lücke|mean|median|mode|averag|mittel|media|moyenne|most frequent|zero|knn)|填充|填补|补全|插补"),
    ("drop_columns", r"(drop|remove|delete|get rid of|discard|lose|elimina|supprime|entfern\w*|lösch\w*) (the )?(columns?|fields?|spalten?|columnas?|colonnes?)\b|(drop|remove|delete) (the )?COL( column)?s?\s*(?:$|,|and|from|in FILE)|删除.{0,6}列"),
    ("rename", r"\brenam\w+|\bumbenenn\w*|\brenombra\w*|\brenomme\w*|重命名"),
    ("cast", r"\bcast\b|\b(convert|parse|turn|change|transform|read|make|treat|store) .{0,40}(to|into|as) (an? |proper |real )?(int\w*|float\w*|number\w*|numeric|dates?|date ?times?|bool\w*|string\w*|text|categor\w+|timestamps?)\b|\bdata ?types?\b"),
    ("trim", r"\btrim\b|white-?space|(leading|trailing|extra|double|stray|surrounding) (spaces|blanks)|leerzeichen|espacios|espaces|空格"),
    ("lowercase", r"lower-?cas|small letters|(without|no|remove|strip|drop) .{0,30}capital|capitals\b|kleinbuchstaben|kleinschreib|minúscul|minuscul|小写"),
    ("punctuation", r"punctuat|exclamation|question marks|commas and|satzzeichen|puntuaci|ponctuat|标点"),
    ("abbreviations", r"abbrev|short-?hand|short forms?|slang|text-?speak|acronym|contraction|abkürz|abreviat|abréviat|spell out|缩写"),
    ("spelling", r"spell(ing)?[ -]?(check|correct|error|mistake|fix|issue)|\btypos?\b|misspell|correct (the )?spelling|fix (the )?spelling|spelling\b|rechtschreib|ortograf|orthograph|拼写"),
    ("map_values", r"\bmap\b.{0,40}\b(to|into|as)\b|recod\w+|(merge|unify|harmoni[sz]e|consolidate) .{0,20}(categor|values|labels|spelling|variants)|replace .{0,30} (with|by) (?!.*(mean|median|mode|average))|values? .{0,30}(should (be|read|become)|become)"),
    ("strip_html", r"\bhtml\b|\btags\b|mark-?up"),
    ("strip_emoji", r"emoji|emoticon|smiley|表情"),
    ("entities", r"entit|\bner\b|(extract|pull|find|detect|pick|tag|which|identify|get) .{0,30}\b(names|people|persons?|places|organi[sz]ations|compan(y|ies)|products?|locations|brands?|cities|who is mentioned|order numbers|e-?mail addresses)\b|实体|人名|地名"),
    ("embed", r"embed|vectori[sz]|\bvectors?\b|word2vec|fasttext|\bbert\b|tf-?idf|向量"),
    ("augment", r"augment|over-?sampl|smote|synthetic|more training examples"),
    ("outliers", r"outlier|extreme values|winsor|ausreißer|atípic|aberrant|离群|异常值"),
    ("mask_pii", r"\bpii\b|personal (data|info)|anonym|pseudonym|redact|\bmask\w*|(hide|hash|obfuscate|scrub|remove|blank out) .{0,30}(e-?mails?|phone|names|card|iban|addresses|ssn|contact|identit)|enmascar|masque\w*|脱敏|匿名"),
)  # fmt: skip
FEATURES: tuple[tuple[str, str], ...] = (
    ("pca", r"\bpca\b|principal|dimension\w* reduc|reduce .{0,30}dimension|hauptkomponent|componentes? principal|composantes? principal|主成分|降维|\bsquash\b|\d+ components"),
    ("scale", r"z-?scor|min-?max|robust.?scal|re-?scal|\bscal(e|ing|ed)\b|standardi[sz]|normali[sz]|unit variance|zero mean|between 0 and 1|skalier|escala|estandariz|标准化|归一化"),
    ("encode", r"one-?hot|encod|dumm(y|ies)|ordinal|kodier|codific|编码"),
    ("keyword_risk", r"keyword|risk score|(word|scam|fraud|urgency|danger|risk|hazard|complaint|churn|anger|driving)[- ](\w+ )?scor|scor\w* .{0,40}\b(words|mentions|terms|keywords|for (words|mentions))|risk (words|terms|index)|关键词"),
    ("interactions", r"interact|cross(ed)? (terms|features)|polynomial|products of|ratios?\b|交互"),
    ("evaluate", r"\brank\w*|importan|\bwhat (matters|drives|explains|influences|predicts|affects|determines)|which .{0,40}(matter|drive|explain|influence|predict|affect|help|useful|strongest|best)|evaluat|most predictive|informative|drivers|wichtigste|strongest|value of|how useful|useless|重要"),
    ("generate", r"\b(generate|create|build|make|add|compute|derive|engineer|calculate|construct)\b"),
    ("suggest", r"suggest|propos|ideas?\b|recommend|come up with|what (new |other |extra |more )?(features|columns|variables) (could|should|might|would|can)|brainstorm|think of|which features (could|should|might)|any (good |useful )?features|features? (for|to)|vorschl|sugiere|propón|propose|建议|推荐"),
)  # fmt: skip
AGGREGATES: tuple[tuple[str, str], ...] = (
    ("missing", r"missing|null|\bnan|blank|\bempty\b|manquant|faltant|fehlend|vacío|缺失|空值"),
    ("corr", r"correlat|relat(ed|ion|ionship)\b(?! to)|associat|korrel|corrél|相关|\bdo(es)? .{0,60}\b(get|have|cost|earn|mean|lead|pay|make|score|sell|give|show|bring)\w* .{0,20}(better|higher|lower|more|worse|less|longer|bigger|fewer)|depend on|go(es)? (up )?with|linked"),
    ("unique", r"unique|distinct|different|how many kinds|\bwhich (COLs?|\w+s) (are|exist|occur|appear|do)|nunique|cardinality|verschiedene|distint|únic|distinct|uniques|不同|去重后"),
    ("quantile", r"quantile|percentile|quartile|\bp\d{2}\b|分位"),
    ("median", r"median|mediana|médiane|中位"),
    ("std", r"standard dev|\bstd\b|spread of|variance|deviation|标准差|écart"),
    ("share", r"\bshare\b|percent|proportion|fraction|what part|rate of|anteil|porcentaje|proporción|pourcentage|比例|占比"),
    ("top", r"\btop\b|most (common|frequent|popular|often)|commonest|least (common|frequent)|häufigst|más (comun|frecuent|común)|plus (fréquent|courant)|frequenc(y|ies) of|bottom \d|最常见|前\s*\d"),
    ("mean", r"average|\bavg\b|\bmean\b|typical|durchschnitt|mittelwert|promedio|\bmedia\b|moyenne|平均|on average"),
    ("sum", r"\bsum\b|\btotal\b|summe|suma|somme|add(ed)? up|combined|altogether|总和|总计|合计|总共"),
    ("max", r"highest|largest|biggest|maxim|\bmax\b|greatest|longest|oldest|latest|most expensive|peak|record high|höchst|größt|máxim|mayor|plus (haut|grand|élevé)|最大|最高|最长"),
    ("min", r"lowest|smallest|minim|\bmin\b|shortest|youngest|earliest|cheapest|niedrigst|kleinst|mínim|menor|plus (bas|petit|faible)|最小|最低"),
    ("count", r"how (many|often)|\bcounts?\b|number of|wie ?viele|anzahl|cuánt|número|combien|nombre de|how much data|多少|几|数量|行数"),
)  # fmt: skip


def asked(text: str, table: tuple[tuple[str, str], ...]) -> list[str]:
    """Operations in the order of the text."""
    found = [(m.start(), name) for name, pattern in table if (m := re.search(pattern, text, re.IGNORECASE))]
    return [name for _, name in sorted(found)]


def aggregate(text: str) -> str | None:
    """The one aggregate a question asks for; the table's order decides between several."""
    return next((name for name, pattern in AGGREGATES if re.search(pattern, text, re.IGNORECASE)), None)


def clean_operations(text: str) -> list[str]:
    """Cleaning operations; one that another implies is left out."""
    found = asked(text, CLEAN)
    if "drop_missing" in found and "drop_columns" in found and not re.search(r"columns?\b", text):
        found.remove("drop_columns")
    if "impute" in found:
        found = [f for f in found if f not in ("map_values",)]
    if "mask_pii" in found:
        found = [f for f in found if f not in ("entities", "drop_columns", "strip_html")]
    if "dedupe" in found:
        found = [
            f
            for f in found
            if f not in ("drop_missing", "drop_columns") or re.search(r"missing|null|nan|empty|column", text)
        ]
    return found


def feature_operations(text: str) -> list[str]:
    """Feature operations; `generate` and `suggest` only where nothing says more."""
    found = asked(text, FEATURES)
    special = [f for f in found if f not in ("suggest", "generate")]
    if special:
        return special
    return ["suggest"] if "suggest" in found else ["generate"] if "generate" in found else ["suggest"]


def impute_method(text: str) -> str | None:
    for name, pattern in (("median", r"median|mediana|médiane|中位"), ("knn", r"\bk-?nn\b|neighbou?r"), ("mode", r"\bmode\b|most (frequent|common)|häufigst|众数"),
                          ("mean", r"\bmean\b|average|mittelwert|durchschnitt|\bmedia\b|promedio|moyenne|平均|均值"), ("iterative", r"iterativ"), ("zero", r"\bzeros?\b|\b0\b")):  # fmt: skip
        if re.search(pattern, text, re.IGNORECASE):
            return name
    return None


def scale_method(text: str) -> str | None:
    for name, pattern in (("minmax", r"min-?max|between 0 and 1|0 (to|and|-) 1|\[0"), ("robust", r"robust"), ("quantile", r"quantile"), ("log", r"\blog\b"),
                          ("standard", r"z-?scor|standardi[sz]|standard|zero mean|unit variance|标准化|estandariz")):  # fmt: skip
        if re.search(pattern, text, re.IGNORECASE):
            return name
    return None


def embed_method(text: str) -> str | None:
    for name, pattern in (
        ("tfidf", r"tf-?idf"),
        ("word2vec", r"word2vec|w2v"),
        ("fasttext", r"fasttext"),
        ("bert", r"\b\w*bert\b|transformer|minilm"),
        ("lsa", r"\blsa\b|\bsvd\b"),
        ("hashed", r"hash"),
    ):
        if re.search(pattern, text, re.IGNORECASE):
            return name
    return None


def encode_method(text: str) -> str | None:
    for name, pattern in (
        ("onehot", r"one-?hot|dumm(y|ies)"),
        ("ordinal", r"ordinal"),
        ("target", r"target.?(encod|mean)"),
        ("frequency", r"frequency"),
    ):
        if re.search(pattern, text, re.IGNORECASE):
            return name
    return None
