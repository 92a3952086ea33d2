"""Which cleaning and feature operations, and which query aggregate, a sentence asks for."""

from __future__ import annotations

import re

CLEAN: tuple[tuple[str, str], ...] = (
    ("dedupe", r"(appears?|shows? up|listed|there|in there|stored|counted|have .{0,20}) (more than once|twice|several times|multiple times)|only once|once only|just once|keep (only )?one (of )?each|one row per|unique (rows|records|lines|entries)|\ben double\b|\bdobles\b|\bmehrfach|\bzweimal\b|\bdos veces\b|\bdeux fois\b|de-?dup|duplica[td]|dubletten|duplikat|doppelte|doublon|repetid|repeated|repeats\b|identical (rows|records|lines)|redundant (rows|records)|twice|\bdup(e|es|s)\b|\bdoubles\b|double entries|doubled|(unique|distinct) rows|copies of|去重|重复"),
    ("drop_missing", r"(where|whose|with|if) .{0,25}\b(is|are|has|have)? ?(null|empty|missing|blank|nan) .{0,12}(must|should|can|have to|has to|need to)? ?(go|away|out)\b|without (an? |any |the )?COL .{0,30}(useless|worthless|no good|no use|bin|out)|\bbin (it|them|those)\b|(rows?|lines?|records?|entries|\w+s)(?: (?:of|in|from) \S+)? (lacking|without|with no|missing|that lack|that have no) .{0,40}(can go|must go|should go|out\b|away|drop|delete|remove)|(toss|ditch|kick out|dropp(?:ed|ing)|remov(?:ed|ing)|drop|remove|discard|delete|throw out|get rid of|scrap) .{0,40}(lack|without|with no|no COL|missing|empty|blank|incomplete)|only complete|(drop|remove|delete|discard|throw (out|away)|get rid of|toss|exclude|quita|elimina|supprime|enlève|entfern\w*|lösch\w*|删除)\b.{0,40}(missing|without|with no|null|nan|empty|blank|incomplete|sin |sans |vid|vací|leer|fehlend|ohne|缺失|空)|只保留完整"),
    ("impute", r"(blank|empty|missing|null) COLs?( values)? ?(->|=>|=|to|become) ?(the )?(mean|median|mode|average|zero|0)|(gaps?|missing|nulls?|blanks?|empty|holes?)( values?)?( in| of)?( COL)?\s*(->|=>|=|to|become\w*|should (be|become))\s*(the )?(mean|median|mode|average|zero|0|most)|(has|have|with|the) (gaps?|holes?|blanks?|nulls?|empty cells).{0,30}(use|fill|with|put|take|average|mean|median)|(gaps?|holes?|blanks?|nulls?) (in|of) .{0,30}(with|using|by) |(bouche|comble|complèt|tapa|complet|stopf|schließ)\w* .{0,25}(trous?|vides?|lacunes?|huecos?|vacíos?|lücken)|(patch|plug|close|fill) (the |up )?(gaps?|holes?|blanks?|nulls?|missing)|imput|(fill|replace|patch|plug|substitut|rellena|remplis|remplace|auffüll|füll|ersetz)\w*.{0,40}(missing|gaps?|blank|null|nan|hole|empty|vac|manqu|fehlend|lücke|mean|median|mode|averag|mittel|media|moyenne|most frequent|zero|knn)|填充|填补|补全|插补"),
    ("drop_columns", r"(drop|remove|delete|kill|lose) (that|this|the|these|those) (column|field|variable)s?\b|(drop|remove|delete|get rid of|discard|lose|toss|ditch|scrap|chuck|(?:kick|throw|chuck|take) (?:out|away)|wirf|schmeiß\w*|elimina|quita|supprime|enlève|entfern\w*|lösch\w*) (the |die |la |las |les )?(columns?|fields?|spalten?|columnas?|colonnes?)\b|(drop|remove|delete) (the )?COL( column)?s?\s*(?:$|,|and|from|in FILE)|(drop|remove|delete|get rid of|discard|lose|scrap|ditch|kick out|throw out|throw away|strip out) (the |my |our )?(COL(,? and |, | & )?(the )?)+\s*(columns?|fields?|variables?)?\s*(?:$|[.,!?]|and\b|from|in FILE|entirely|altogether|please|too)|删除.{0,6}列"),
    ("rename", r"\brenam\w+|\bcall (the )?COL (simply |just )?(?!when|if)[\w`]|\bCOL should be (called|named)|\b(change|set) the name of|\bumbenenn\w*|\brenombra\w*|\brenomme\w*|重命名"),
    ("cast", r"\b(to|in|into) (one|the same|a single|a common) (unit|currency)\b|\b(one|same|single|common) (unit|currency) (for|in) |\b(should|must|ought to|needs? to|to) (?:be(?:come)?|turn into) (stored as )?(an? |proper |real |true )*(date|number|numeric|int|float|bool|text|categor|timestamp)|stored as (text|strings?)|\b(?:make|turn|store|set) (?:the )?COL(?: column)? (?:in)?(?:to )?(?:an? )(?:date|number|float|int|bool|string|category)\w*|\bparse\b|\bdata ?types?\b|\bcast\b|\b(convert|parse|turn|change|transform|read|make|treat|store) .{0,40}(to|into|as) (an? |proper |real )?(int\w*|float\w*|number\w*|numeric|dates?|date ?times?|bool\w*|string\w*|text|categor\w+|timestamps?)\b|\bdata ?types?\b"),
    ("trim", r"\btrim\b|white-?space|(leading|trailing|extra|double|stray|surrounding) (spaces|blanks)|(no|without|remove|strip|drop|cut|extra|stray|needless) (blanks|spaces)|(spaces|blanks) (around|at the ends?|before|after)|leerzeichen|espacios|espaces|空格"),
    ("lowercase", r"lower[- ]?cas|small letters|(without|no|remove|strip|drop) .{0,30}capital|capitals\b|kleinbuchstaben|kleinschreib|minúscul|minuscul|小写"),
    ("punctuation", r"punctuat|exclamation|question marks|commas and|satzzeichen|puntuaci|ponctuat|标点"),
    ("abbreviations", r"\bexpand\b|\bin full\b|\bwritten out\b|\bwrite (it|that|them|this|those|these) out\b(?!put)|proper words|ausschreib|abbrev|short-?hand|short forms?|slang|text-?speak|acronym|contraction|abkürz|abreviat|abréviat|spell out|缩写"),
    ("spelling", r"mis-?spel|spelt wrong|wrongly spel|orthograf|spell(ing)?[ -]?(check|correct|error|mistake|fix|issue)|\btypos?\b|misspell|correct (the )?spelling|fix (the )?spelling|spelling\b|rechtschreib|ortograf|orthograph|拼写"),
    ("map_values", r"['\x22][^'\x22]+['\x22] .{0,15}(should|must|ought to|to) (read|be|become)|(say|says|spelt|written|spelled) .{0,40}for the same|(unify|harmoni[sz]e) (it|them|the)|(merge|fold|join|lump) .{0,60}(into one|together|as one)|one and the same|are the same\b|treat .{0,40} (as|the same)|\bmap\b.{0,40}\b(to|into|as)\b|recod\w+|(merge|unify|harmoni[sz]e|consolidate) (the )?COL|(merge|unify|harmoni[sz]e|consolidate) .{0,20}(categor|values|labels|spelling|variants)|replace .{0,30} (with|by) (?!.*(mean|median|mode|average))|values? .{0,30}(should (be|read|become)|become)"),
    ("strip_html", r"\bhtml\b|\btags\b|mark-?up"),
    ("strip_emoji", r"smil(ey|ies)|emoji|emoticon|smiley|表情"),
    ("entities", r"\b(who|people) and (what |which )?(places|companies|firms|brands|cities)\b|(who|what|which) .{0,20}(people|places|companies|names) .{0,30}(talk|write|speak|mention)\w* about|\b(people|persons?|names|compan\w+|schools?|places?|cities|firms|clubs|organi[sz]ations?|locations?|brands?|products?) .{0,30}\b(named|mentioned|occurring|appearing|that (occur|appear)) in\b|\b(tag|mark|annotate|pull|list|find|extract|get|pick) .{0,40}(mentioned|people|persons?|names?|clubs?|places?|compan|organi|cities|streets?|locations?)|who(m)? (is|are|gets?) mentioned|which (people|companies|places|names|firms|cities)|entit|\bner\b|(extract|pull|find|detect|pick|tag|which|identify|get) .{0,30}\b(names|people|persons?|places|organi[sz]ations|compan(y|ies)|products?|locations|brands?|cities|who is mentioned|order numbers|e-?mail addresses)\b|实体|人名|地名"),
    ("embed", r"embed|vectori[sz]|\bvectors?\b|word2vec|fasttext|\bbert\b|tf-?idf|向量"),
    ("augment", r"augment|over-?sampl|synthesi[sz]e|(extra|more|additional|artificial|new) (variants|versions|paraphrases|examples|samples)|enlarge the data|smote|synthetic|more training examples"),
    ("outliers", r"\b(typed|entered|recorded|put in|has|have|with|shows?) .{0,30}\b(of|like) \d{3,}|\b(?:negative|zero) .{0,30}(?:can.?t|cannot|can not) be|(?:negative|zero) .{0,30}(?:makes? no sense|impossible|nonsense)|(crazy|absurd|insane|impossible|unrealistic|wild|silly|ridiculous|extreme|nonsensical) .{0,20}(values?|entries|numbers|readings|COL|\w+s\b)|\b(is|are) (physically |simply |plainly )?(impossible|absurd|nonsense|not possible)\b|(entries|values|readings) .{0,12}(are|look) (absurd|crazy|insane|impossible|unrealistic|wild)|rein .{0,12}in\b|\btame\b|\bclip\b|\bcap (the )?(COL|values|outl)|outlier|extreme values|winsor|ausreißer|atípic|aberrant|离群|异常值"),
    ("mask_pii", r"(black|blank|cross)(ed)? (them |it |these |those |names |the \w+ )?out|(may|must|should|can) (read|see) .{0,30}(names|phone|e-?mails?|addresses)|gdpr|dsgvo|recogni[sz]able|\bprivacy\b|(hide|remove|strip|obscure) .{0,30}(personal|private|sensitive|phone|e-?mail|names?\b)|verberg|schwärz|\bpii\b|personal (data|info)|anonym|pseudonym|redact|\bmask\w*|(hide|hash|obfuscate|scrub|remove|blank out) .{0,30}(e-?mails?|phone|names|card|iban|addresses|ssn|contact|identit)|enmascar|masque\w*|脱敏|匿名"),
)  # fmt: skip
FEATURES: tuple[tuple[str, str], ...] = (
    ("pca", r"\bpca\b|principal|dimension\w* reduc|reduce .{0,30}dimension|hauptkomponent|componentes? principal|composantes? principal|主成分|降维|\bsquash\b|\d+ components"),
    ("scale", r"(into|to|onto|in) (0|zero)\s?(\.\.|-|to|and|bis)\s?(1|one)|same scale|z-?scor|min-?max|robust.?scal|re-?scal|\bscal(e|ing|ed)\b|standardi[sz]|normali[sz]|unit variance|zero mean|between 0 and 1|skalier|escala|estandariz|标准化|归一化"),
    ("encode", r"one-?hot|(?<!re)encod|dumm(y|ies)|ordinal|kodier|codific|编码"),
    ("keyword_risk", r"\b(by|for) how often .{0,80}(turn|show|come|pop|crop|appear|occur|mention)|whenever COL (mention|say|contain|talk)\w* .{0,60}(number|score|flag|column|feature|want)|(mention|contain|say)\w* .{0,60}\bas an? (?:\w+ )?(number|score|index|flag|feature|signal)\b|\b\w+[- ]?(word|words|term|keyword)s?[- ](score|index|count|flag|rating)|\b(hazard|danger|risk|trouble|fraud|scam|urgency|anger|threat|safety|complaint|churn|severity|alarm|stress|toxicity) (score|index|rating|level|flag|points)|(score|index|rate|flag|rank) .{0,40}\b(by|on|from|out of|over|for|based on) .{0,40}(words|mentions|terms|keywords|:)|how (risky|dangerous|urgent|angry)|judging by the words|keyword|risk score|(word|scam|fraud|urgency|danger|risk|hazard|complaint|churn|anger|driving)[- ](\w+ )?scor|scor\w* .{0,40}\b(words|mentions|terms|keywords|for (words|mentions))|risk (words|terms|index)|关键词"),
    ("interactions", r"\bratio\b|products? of|times COL|interact|\bcross COL|\b(multiply|combine) COL (with|by|and) COL|cross(ed)? (terms|features)|polynomial|products of|ratios?\b|交互"),
    ("evaluate", r"what(.s| is| lies) behind|\breasons? (for|why|behind)|what (leads|led) to|where does the signal|how (useful|strongly|informative)|carr(y|ies) signal|^\W*(why|what (makes|made|wins?|sets?|decides?|pushes|causes|separates|lies behind|is behind)|which (factors?|inputs?|signals?|measurements|things))\b|\b(gives?|give) .{0,20} away\b|in common|can we (ignore|skip)|key factors|how (well|strongly) .{0,20}predict|\brank\w*|importan|\bwhat (matters|drives|explains|influences|predicts|affects|determines)|which .{0,40}(matter|drive|explain|influence|predict|affect|help|useful|strongest|best)|evaluat|most predictive|informative|drivers|wichtigste|influy|explican|importan|influenc|comptent|bestimm|beeinfluss|strongest|value of|how useful|useless|重要"),
    ("generate", r"\b(generate|create|build|make|add|compute|derive|engineer|calculate|construct)\b"),
    ("suggest", r"\bnew (features?|columns|variables)|(extra|additional|more|other) (features?|columns|variables|inputs|signals)|\bwhat else\b|suggest|propos|ideas?\b|recommend|come up with|what (new |other |extra |more )?(features|columns|variables) (could|should|might|would|can)|brainstorm|think of|which features (could|should|might)|any (good |useful )?features|features? (for|to)|vorschl|sugiere|propón|propose|建议|推荐"),
)  # fmt: skip
SUPERLATIVES = (
    r"\b(?:highest|largest|biggest|greatest|longest|oldest|latest|priciest|dearest|heaviest|hottest|warmest|fastest|"
    r"tallest|widest|deepest|strongest|richest|busiest|loudest|wettest|brightest|steepest|hardest|costliest)\b"
)
AGGREGATES: tuple[tuple[str, str], ...] = (
    ("missing", r"\bfaltan?\b|(without|with no|lack(ing)?|have no|has no|come without) (an? |any |the )?COL|missing|null|\bnan|blank|\bempty\b|manqu(?:e|ent|ant\w*)\b|faltant|\bvides?\b|\bleer\w*\b|fehl(?:en|t|end)|vacío|缺失|空值"),
    ("corr", r"\bcorr\b|correlat|relat(ed|ion|ionship)\b(?! to)|associat|korrel|corrél|相关|\bdo(es)? .{0,60}\b(get|have|cost|earn|mean|lead|pay|make|score|sell|give|show|bring)\w* .{0,20}(better|higher|lower|more|worse|less|longer|bigger|fewer)|depend on|go(es)? (up )?with|linked"),
    ("unique", r"unique|distinct|different|how many kinds|\bwhich (COLs?|\w+s) (are|exist|occur|appear|do)|nunique|cardinality|verschiedene|distint|únic|distinct|uniques|不同|去重后"),
    ("quantile", r"\d ?(?:%|percent) of .{0,50}\b(?:under|below|above|over|less|more|within)\b|quantile|percentile|quartile|\bp\d{2}\b|分位"),
    ("median", r"median|mediana|médiane|中位"),
    ("std", r"standard dev|\bstd\b|spread of|variance|deviation|标准差|écart"),
    ("share", r"\brate\b|\bshare\b|percent|proportion|fraction|what part|rate of|anteil|porcentaje|proporción|pourcentage|比例|占比"),
    ("top", r"\b(is|are|gets?|was|were) \w+ed (the )?most\b|\bfavou?rites?\b|(played|sold|used|bought|seen|chosen|ordered|visited|listed|named|picked|appears?|occurs?|comes? up) (the )?most\b|(kommt|kommen) am häufigsten|aparece más|\btop\b|most (common|frequent|popular|often)|commonest|least (common|frequent)|häufigst|más (comun|frecuent|común)|(?:the )?\d+ (?:\w+ )?" + SUPERLATIVES + r"|plus (fréquent|courant)|frequenc(y|ies) of|bottom \d|最常见|前\s*\d"),
    ("mean", r"average|\bavg\b|\bmean\b|typical|durchschnitt|mittelwert|promedio|\bmedia\b|moyen(?:ne)?s?\b|mittler\w*|im (?:schnitt|mittel)\b|平均|on average"),
    ("sum", r"\bsum\b|\btotal\b(?! number| count| rows)|insgesamt|au total|en total|summe|suma|somme|add(ed)? up|combined|altogether|总和|总计|合计|总共"),
    ("max", r"\bmost COL\b|maxim|\bmax\b|most expensive|peak|record high|" + SUPERLATIVES + r"|höchst|größt|längst|teuerst|ältest|schnellst|máxim|mayor|más (alt|larg|grand|car|rápid)|plus (haut|grand|élevé|long|cher|fort|rapide)|最大|最高|最长"),
    ("min", r"\bfewest\b|\bleast COL\b|lowest|smallest|minim|\bmin\b|shortest|youngest|earliest|cheapest|lightest|slowest|coldest|coolest|weakest|poorest|narrowest|thinnest|niedrigst|kleinst|kürzest|geringst|billigst|más (baj|cort|barat|pequeñ)|mínim|menor|plus (bas|petit|faible|court)|最小|最低"),
    ("count", r"how (many|often)|\bcounts?\b|number of|wie ?viele|anzahl|cuánt|número|combien|nombre de|how much data|多少|几|数量|行数"),
)  # fmt: skip


_SMALLEST_BY_GROUP = r"\b(?:best|highest|lowest|most|least|worst|biggest|fewest)\b.{0,30}\bon average\b|\b(?:highest|lowest|best|worst) (?:average|mean)\b"


def asked(text: str, table: tuple[tuple[str, str], ...]) -> list[str]:
    """Operations in the order of the text."""
    found = [(m.start(), name) for name, pattern in table if (m := re.search(pattern, text, re.IGNORECASE))]
    return [name for _, name in sorted(found)]


def aggregate(text: str) -> str | None:
    """The one aggregate a question asks for; the table's order decides between several."""
    if re.search(r"\bmissing|null|blank|empty", text) is None and re.search(_SMALLEST_BY_GROUP, text, re.IGNORECASE):
        return "mean"  # `which shop has the best marks on average`
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


_COULD_MAKE = r"\bwhat (?:\w+ )?(?:could|can|might|should) (?:i|we|you|one) (?:\w+ )?(?:derive|comput|calculat|build|make|add|extract|engineer|construct)\w*"


def feature_operations(text: str) -> list[str]:
    """Feature operations; `generate` and `suggest` only where nothing says more."""
    found = asked(text, FEATURES)
    special = [f for f in found if f not in ("suggest", "generate")]
    if special == ["evaluate"] and re.search(_COULD_MAKE, text):
        return ["suggest"]
    if special == ["evaluate"] and "suggest" in found and not re.search(r"rank|importan|evaluat", text):
        special = []  # `which new features would help`: asked for new ones
    if len(special) > 1 and "evaluate" in special:
        special.remove("evaluate")
    if special:
        return special
    ideas = re.search(
        r"suggest|propos|idea|recommend|come up|think|brainstorm|any\b|what\b|which\b|some\b|vorschl|sugier|建议|推荐",
        text,
    )
    made = re.search(r"\b(generate|create|build|make|add|compute|derive|engineer|calculate|construct)\b", text)
    return ["generate"] if made and not ideas else ["suggest"]


def impute_method(text: str) -> str | None:
    for name, pattern in (("median", r"median|mediana|médiane|中位"), ("knn", r"\bk-?nn\b|neighbou?r"), ("mode", r"\bmode\b|most (frequent|common)|häufigst|众数"),
                          ("mean", r"\bmean\b|average|mittelwert|durchschnitt|\bmedia\b|promedio|moyenne|平均|均值"), ("iterative", r"iterativ"), ("zero", r"\bzeros?\b|\b0\b")):  # fmt: skip
        if re.search(pattern, text, re.IGNORECASE):
            return name
    return None


def scale_method(text: str) -> str | None:
    for name, pattern in (("minmax", r"min-?max|between 0 and 1|0\s?(\.\.|-)\s?1\b|zero and one|0 (to|and|-) 1|\[0"), ("robust", r"robust"), ("quantile", r"quantile"), ("log", r"\blog\b"),
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
