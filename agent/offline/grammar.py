"""Read values out of a sentence: numbers with units, thresholds, schedules, resources, versions, and the field's vocabularies."""

from __future__ import annotations

import re
from typing import Any

NUMBER = r"(\d+(?:[.,]\d+)?|[.,]\d+)"


def first(text: str, *patterns: str) -> re.Match[str] | None:
    for pattern in patterns:
        m = re.search(pattern, text, re.IGNORECASE)
        if m:
            return m
    return None


def value_of(text: str) -> float | int:
    number = float(text.replace(",", "."))
    return int(number) if number == int(number) and "." not in text and "," not in text else number


METRICS: tuple[tuple[str, str], ...] = (
    ("psi", r"\bpsi\b|population stability"), ("ks", r"\bks\b|kolmogorov"), ("js", r"\bjs\b|jensen"),
    ("wasserstein", r"wasserstein|earth mover"), ("auc", r"\b(roc[- ]?)?auc\b|\broc\b"), ("f1", r"\bf1\b|\bf-?1[- ]score\b|\bf-score\b"),
    ("accuracy", r"\baccuracy\b|\bacc\b|genauigkeit|exactitud|précision globale|准确率"), ("precision", r"\bprecision\b"),
    ("recall", r"\brecall\b(?! what| the| our)"), ("rmse", r"\brmse\b|root mean sq"), ("mae", r"\bmae\b|mean absolute err"), ("mape", r"\bmape\b"),
    ("r2", r"\br2\b|\br²|\br-?squared\b"), ("logloss", r"\blog-?loss\b"), ("latency", r"\blatency\b|response time"),
    ("error_rate", r"\berror rate\b"), ("chi2", r"\bchi-?(2|sq\w*)\b"),
)  # fmt: skip
ALGORITHMS: tuple[tuple[str, str], ...] = (
    ("lightgbm", r"\blight-?gbm\b|\blgbm\b"), ("xgboost", r"\bxg-?boost\b|\bxgb\b"), ("catboost", r"\bcat-?boost\b"),
    ("random_forest", r"\brandom[- ]?forests?\b|\brf\b(?!_)|zufallswald|bosque aleatorio|forêt aléatoire|随机森林"),
    ("gradient_boosting", r"\bgradient[- ]?boost\w*|\bgbm\b|\bgbdt\b|\bboosted trees\b|梯度提升"),
    ("logistic_regression", r"\blogistic( regression)?\b|\blogreg\b|\blr\b|\blogit\b|logistische|logística|logistique|逻辑回归"),
    ("ridge", r"\bridge\b"), ("lasso", r"\blasso\b"), ("elastic_net", r"\belastic[- ]?net\b"),
    ("linear_regression", r"\blinear (regression|model)\b|\bols\b|lineare regression|regresión lineal|régression linéaire|线性回归"),
    ("decision_tree", r"\bdecision[- ]?trees?\b|(?<!boosted )(?<!\w)\b(a |single |one )?tree (for|on|to|model)\b|entscheidungsbaum|árbol de decisión|arbre de décision|决策树"),
    ("svm", r"\bsvms?\b|\bsvc\b|support vector"), ("knn", r"\bk-?nn\b|nearest neigh?bou?rs?"), ("naive_bayes", r"\bnaive bayes\b"),
    ("neural_network", r"\bneural net(work)?s?\b|\bmlp\b"),
)  # fmt: skip
CLOUDS = (("aws", r"\baws\b|\bamazon\b|\beks\b|\bfargate\b|\becs\b|\bsagemaker\b|\bec2\b"),
          ("gcp", r"\bgcp\b|\bgcloud\b|\bgoogle\b|\bgke\b|\bcloud run\b|\bvertex\b"),
          ("azure", r"\bazure\b|\bmicrosoft\b|\baks\b|\bcontainer apps\b"))  # fmt: skip
ENVIRONMENTS = (
    ("on_prem", r"\bon-?prem\w*\b|\bon premises?\b|\bown (servers?|hardware|machines?|rack|data ?cent\w*)\b|\bin-?house\b|\b(hardware|servers?|machines?|metal|boxes) (that )?we own\b|\bself-?hosted\b|"
                r"\b(our|own|in-house) (own )?(hardware|servers?|machines?|boxes|infrastructure|cluster|building)\b|\b(leave|leaves|within|inside) (the|our) (building|house|premises|company)\b|\b(our|the) (own )?(data ?cent(er|re)|server room|basement|bare metal|rack)\b|\bbare[- ]metal\b|eigene\w* (?:server\w*|rechenzentr\w*|hardware)|\bunsere\w* (?:eigenen )?(?:servern?|rechenzentrum)|nuestros? (?:propi\w+ )?(?:servidor\w*|centro de datos)|servidores propios|(?:nos|notre|nos propres) (?:serveurs?|centre de données)|serveurs? internes?|我们自己的|自己的服务器|内网|本地服务器|机房"),
    ("edge", r"\bedge\b|\braspberr\w*|\bjetson\b|\barm\b|\bgateways?\b|\biot\b|\b(tiny|small|little|embedded|field|low-?power|cheap) ([\w-]+ )?(boards?|devices?|computers?|boxes|pcs?|chips?)\b|\bon (the )?devices?\b|\bon-?board\b|\bno (internet|network|connection|uplink)\b|\boffline (box|machine|device)|\bon (the |each |every )?(buoys?|turbines?|wearables?|handhelds?|scanners?|kiosks?|robots?|drones?|tractors?|cars?|trucks?|ships?|trains?|planes?|phones?|tablets?|cameras?|sensors?|boards?)( itself| themselves)\b|\bon the (machines|sensors|cameras|robots|consoles|phones|trucks|drones|tractors?|meters|vehicles|ships?|trains?)\b|\bmicrocontroller|\bcontrollers?\b|\bplcs?\b|\b(?:right )?inside (?:the|each|every) (?:machine|cabinet|vehicle|car|truck|turbine|nacelle|cabin|engine|meter|pump|robot)s?\b|\bin the field\b|\bborde\b|\bedge-gerät\w*|\bauf dem gerät\b|en el dispositivo|sur l.appareil|边缘"),
    ("local", r"\blocal(ly|host)?\b|\b(my|this|own|the) (laptop|machine|pc|workstation|computer|desktop|macbook|notebook)\b|\bminikube\b|\b(?:meinem|mi|mon) (?:laptop|rechner|portátil|máquina|ordenador|portable|poste|ordinateur|pc)\b|\ben local\b|\blokal\w*|本机|本地"),
    ("cloud", r"\b(the |a |public )?cloud\b(?! run)|\bla nube\b|\ble nuage\b|云端|云上"),
)  # fmt: skip
PLATFORMS = (
    ("eks", r"\beks\b"), ("ecs", r"\becs\b|\bfargate\b"), ("gke", r"\bgke\b"), ("cloud_run", r"\bcloud run\b"),
    ("aks", r"\baks\b"), ("container_apps", r"\bcontainer apps?\b"),
)  # fmt: skip
STAGES = (
    ("prod", r"\b(prod|production|produktion|producción)\b|生产"),
    ("staging", r"\bstag(e|ing)\b|\bpre-?prod\b"),
    ("dev", r"\bdev(elopment)?\b(?! set)"),
)
ARTIFACTS = (
    ("dockerfile", r"\bdocker-?file\b|\bdocker file\b"), ("compose", r"\b(docker[- ])?compose\b"),
    ("k8s", r"\bk8s\b|\bkubernetes\b|\bmanifests?\b|\bhelm\b|\bkustomi[sz]e\b|\bkube\b"),
    ("keda", r"\bkeda\b"), ("kserve", r"\bkserve\b|\binference ?service\b"),
    ("workflow", r"\b(github|gitlab|ci|ci/cd|actions?|deploy(ment)?)[- ](actions? )?(workflow|pipeline)\b|\bgithub actions?\b|\b(workflow|pipeline) (to|that|which|for) deploy"),
    ("hpa", r"\bhpa\b|\bauto-?scal\w*|\bscal\w+ (rule|policy|automatically)\b|自动扩"),
    ("script", r"\b(deploy(ment)?|cloud|shell|bash|gcloud|aws|azure|rollout) script\b|\bscripts?\b|\bterraform\b"),
    ("requirements", r"\brequirements?(\.txt)?\b|\bpin(s|ned|ning)?\b|\bdependenc\w+|\block ?file\b|\bdeps\b|\bfreeze\b|\bpackage (list|versions)\b"),
)  # fmt: skip
CHANNELS = (("slack", r"\bslack\b|#[\w-]+"), ("email", r"\be-?mails?\b|\bmails?\b|\bcorreo\b|\bcourriel\b|邮件"), ("pagerduty", r"\bpager-?duty\b|\bpager\b|\bpage (me|us|on|some\w+|the|our)\b"),
            ("teams", r"\b(ms |microsoft )?teams\b(?= )|\bon teams\b"), ("webhook", r"\bweb-?hook\b"), ("sms", r"\bsms\b|\btext message\b"))  # fmt: skip
DRY_RUN = re.compile(
    r"\b(dry[- ]?run|do(n.?t| not) (actually|really) (do|run|write|apply|change)|not (actually|really) (do|write)\w*|without (actually |really )?(doing|applying|running) it|preview|previewing|do(n.?t| not) (write|save|store|persist|create|apply)\b(?! to)|do(n.?t| not) (touch|change|modify|alter) (any|it|a|the|yet|files?|anything(?! else)|my|this|that)\b(?! (?:other|rest)\b)|(?:chang|touch|alter|modify|writ|sav)(?:e|ing)? nothing(?! else)|leave .{0,25}(alone|untouched|as (it )?is|unchanged)|no (file|files|output|writing|changes)\b|"
    r"without (writing|saving|touching|changing|creating)|just (show|print|display|tell)|only (show|print|display|look|preview)|(show|print|display) (me )?only|in memory only|nothing (written|saved|on disk)|"
    r"don.t (write|save) (anything|it)|not (write|save)|read-?only|what would|how would .* look|hypothetical\w*|simulate|on screen|in the chat|"
    r"nur (zeigen|anzeigen|vorschau)|nichts (schreiben|speichern)|ohne (zu )?(speichern|schreiben)|sólo (muestra|mostrar)|solo (muestra|mostrar)|sin (guardar|escribir)|"
    r"juste (montrer|montre|afficher)|sans (écrire|sauvegarder|enregistrer))\b|不要(写|保存)|只(看|显示|预览)|别(写|保存)",
    re.IGNORECASE,
)


def pick(text: str, table: tuple[tuple[str, str], ...]) -> list[str]:
    """Every value of a vocabulary that the text names, in the order of the text."""
    found = [(m.start(), name) for name, pattern in table if (m := re.search(pattern, text, re.IGNORECASE))]
    return [name for _, name in sorted(found)]


def wished(text: str) -> str:
    """The text without what is no longer wished: `hourly instead of every 6 hours` -> `hourly`.

    >>> wished("every 6 hours, not 12")
    'every 6 hours'
    """
    kept = re.sub(
        r"\s*,?\s*\b(?:instead of|rather than|in place of|no longer|statt|anstatt|en lugar de|en vez de|au lieu de)\b[^,;.]*",
        "",
        text,
        flags=re.IGNORECASE,
    )
    return re.sub(
        r",?\s*(?:and )?\bnot\s+(?:every |at |over |above |below )?[\d.]+\s*(?:%|hours?|h|minutes?|min|days?)?\s*$",
        "",
        kept,
        flags=re.IGNORECASE,
    )


def threshold(text: str) -> float | int | str | None:
    """A limit: `over 12`, `psi .3`, `cutoff 0.9`, `below 70%`."""
    m = first(
        text,
        rf"(?:threshold|cut-?off|ceiling|limit|schwelle|umbral|seuil|阈值)\s*(?:of|at|to|is|=|:|on|von|de|at)?\s*{NUMBER}\s*(%|percent)?",
        rf"(?:above|over|below|under|tops?|topped|cross(?:es)?|breach(?:es)?|surpass(?:es)?|goes beyond|worse than|better than|exceed\w*|pass(?:es|ed)?|gets? past|hits?|reach(?:es)?|greater than|more than|less than|lower than|higher than|past|beyond|>=|<=|>|<|beneath|"
        rf"(?:drops?|falls?|sinks?|dips?|slips?|goes|rises?|climbs?|gets|is|goes up|stays) (?:to|below|under|above|over|past|beneath)|über|unter|por encima de|por debajo de|"
        rf"supera|baja de|au-dessus de|en dessous de|dépasse|超过|低于|高于|大于|小于)\s*(?:than )?{NUMBER}\s*(%|percent)?",
        rf"\b(?:alert|alarm|threshold|monitor|watch|check|bar|line|limit)s?\b.{{0,45}}?\b(?:to|at)\s+{NUMBER}(?!\s*(?:min|hour|day|h\b|m\b))\s*(%|percent)?",
        rf"\b(?:psi|ks|js|auc|f1|mae|rmse|accuracy|recall|precision|r2)\s*(?:of|at|is|=|:|@)?\s*{NUMBER}\s*(%|percent)?",
        rf"{NUMBER}\s*(%|percent)?\s*is (?:enough|fine|plenty|ok|okay|sufficient)",
        rf"(?:probability|score|p)\s*(?:of|at|>|>=|above|over)\s*{NUMBER}\s*(%|percent)?",
    )
    if not m:
        return None
    return f"{m.group(1)}%" if m.group(2) else value_of(m.group(1))


_UNITS = {
    "min": "m",
    "minute": "m",
    "m": "m",
    "hour": "h",
    "h": "h",
    "hr": "h",
    "day": "d",
    "d": "d",
    "week": "w",
    "month": "mo",
}


def schedule(text: str) -> str | None:
    """How often: `30m`, `6h`, daily, a cron line."""
    m = re.search(r"((?:\*|\d+(?:[-,/]\d+)*|\*/\d+)\s+){4}(?:\*|\d+(?:[-,/]\d+)*|\*/\d+)", text)
    if m:
        return m.group(0)
    m = re.search(
        r"(?:every|each|alle|cada|toutes les|todas las)\s+(\d+)\s*-?\s*(min\w*|hours?|hrs?|h|m|days?|d|weeks?|months?|stunden?|tage?|horas?|minutos?|días?|heures?|jours?)\b",
        text,
        re.IGNORECASE,
    )
    if m:
        unit = m.group(2).casefold()
        letter = (
            "m"
            if unit.startswith("m") and not unit.startswith("mo")
            else "h"
            if unit[0] in "h" or unit.startswith("st")
            else "d"
            if unit[0] in "dtj"
            else "w"
        )
        return f"{m.group(1)}{letter}"
    m = re.search(r"(\d+)\s*(?:times|x) (?:a|per|each|every) (day|hour|week)", text, re.IGNORECASE)
    if m and 24 % int(m.group(1)) == 0 and m.group(2).casefold() == "day":
        return f"{24 // int(m.group(1))}h"
    m = re.search(r"每(?:隔)?(\d+)(个?小时|分钟|天)", text)
    if m:
        return m.group(1) + {"小": "h", "分": "m", "天": "d"}[m.group(2).lstrip("个")[0]]
    for name, pattern in (
        ("30m", r"\bevery half[- ]?(an )?hour\b|\bhalf-?hourly\b"),
        ("15m", r"\bevery quarter[- ]?(of an )?hour\b"),
        ("12h", r"\btwice (a|per|each) day\b|\btwice daily\b"),
        ("hourly", r"\bhourly\b|\b(every|each|once an|once per|per) hour\b|\bstündlich\b|\bcada hora\b|\bchaque heure\b|每小时"),
        ("daily", r"\bdaily\b|\bnightly\b|\b(every|each) (day|morning|night|evening|midnight)\b|\b(once|1x|1 time|one time) (a|per|each|every) day\b|\btäglich\b|\bjeden tag\b|\bdiariamente\b|\bcada día\b|\btodos los días\b|\bchaque jour\b|\bquotidien\w*|\btous les jours\b|每天|每日"),
        ("weekly", r"\bweekly\b|\b(every|each|once a|once per|per) week\b|\b(every|each|on) (mon|tues|wednes|thurs|fri|satur|sun)days?\b|\bwöchentlich\b|\bsemanal\w*|\bcada semana\b|\bchaque semaine\b|\bhebdomadaire\b|每周"),
        ("monthly", r"\bmonthly\b|\b(every|each|once a|per) month\b|\bmonatlich\b|\bmensual\w*|\bchaque mois\b|\bmensuel\w*|每月"),
    ):  # fmt: skip
        if re.search(pattern, text, re.IGNORECASE):
            return name
    return None


def resources(text: str) -> dict[str, Any]:
    """replicas, min_replicas, max_replicas, cpu, memory, cpu_target, port, tag."""
    found: dict[str, Any] = {}
    many = r"(?:replicas?|pods?|instances?|copies|nodes?|containers?|workers?|machines?|réplicas?|répliques?|instanzen|replikate?n?|repliken|instancias|copias|copies|kopien|个副本|副本)"
    m = first(text, rf"(?:between|from|zwischen|entre|de)?\s*(\d+)\s*(?:\.\.+|-|to|and|bis|und|y|et|a|à)\s*(\d+)\s*{many}", r"\b(\d+)\s*\.\.+\s*(\d+)\b",
               r"(?:between|from)\s+(\d+)\s+(?:and|to)\s+(\d+)(?!\s*(?:%|percent))", r"(?:\bhpa\b|auto-?scal\w*)[^\d]{0,40}(\d+)\s*(?:-|to|and|bis)\s*(\d+)", r"(\d+)\s*(?:-|to|and|bis)\s*(\d+)[^\d]{0,30}(?:\bhpa\b|auto-?scal\w*)",
               rf"{many}\s*:?\s*(?:between\s+|from\s+)?(\d+)\s*(?:\.\.+|-|to|and)\s*(\d+)", r"\bscal\w+ (\d+)\s*(?:-|to)\s*(\d+)")  # fmt: skip
    if m:
        found["min_replicas"], found["max_replicas"] = int(m.group(1)), int(m.group(2))
    else:
        low = first(
            text,
            rf"(?:min(?:imum)?|at least|no fewer than|mindestens|mínimo|au moins|至少)\s*(?:of |:|=)?\s*(\d+)(?:\s*{many})?",
            r"(\d+)\s*min\b(?!ut)",
        )
        high = first(
            text,
            rf"(?:max(?:imum)?|at most|up to|no more than|höchstens|máximo|hasta|au plus|jusqu'à|最多)\s*(?:of |:|=)?\s*(\d+)(?:\s*{many})?(?!\s*(?:%|percent|Mi|Gi))",
            r"(\d+)\s*max\b",
        )
        if low:
            found["min_replicas"] = int(low.group(1))
        if high:
            found["max_replicas"] = int(high.group(1))
        m = (
            first(
                text, rf"\b(\d+)\s*(?:\w+\s)?{many}\b", rf"{many}\s*(?:of|to|=|:|count)?\s*(\d+)\b", r"(\d+)\s*个副本"
            )
            if not low and not high
            else None
        )
        if m:
            found["replicas"] = int(m.group(1))
        elif re.search(r"\b(single|a single|just a|one) (replica|pod|instance|copy|node)\b", text, re.IGNORECASE):
            found["replicas"] = 1
    m = first(
        text,
        r"\b(\d+(?:\.\d+)?)\s?((?:k|m|g|t)i?b?)\b(?!\s*(?:cpu|core))",
        r"\b(\d+(?:\.\d+)?)\s*(mega|meg|giga|gigs?)\w*\b",
    )
    if m and not (m.group(2).casefold() == "m" and not re.search(r"mem|ram", text, re.IGNORECASE)):
        unit = {"mega": "MB", "meg": "MB", "giga": "GB", "gig": "GB", "gigs": "GB"}.get(
            m.group(2).casefold(), m.group(2)
        )
        found["memory"] = f"{m.group(1)}{unit}"
    m = first(
        text,
        r"\b(\d+m)\b(?=\s*(?:cpu|core|millicore|of cpu|,|$|\s))",
        r"\b(\d+(?:\.\d+)?|\.\d+)\s*(?:v?cpus?|cores?)\b",
        r"\bcpus?\s*(?:of|=|:|to|limit|request)?\s*(\d+m|\d*\.?\d+)(?!\s*(?:%|percent))\b",
    )
    if m and "every" not in text[: m.start()][-8:]:
        raw = m.group(1)
        found["cpu"] = raw if raw.endswith("m") else value_of(raw)
    m = first(
        text,
        r"(\d+)\s*(?:%|percent)\s*(?:cpu|utili[sz]ation|load|target)?",
        r"(?:cpu|utili[sz]ation|load)\s*(?:target|at|of|goal)?\s*(?:of|at|=|:)?\s*(\d+)\s*(?:%|percent)",
    )
    if m and re.search(r"\bhpa\b|scal|cpu|utili|load|replica|pods", text, re.IGNORECASE):
        found["cpu_target"] = int(m.group(1))
    m = first(
        text,
        r"\bports?\s*(?:to|=|:|number|is|on)?\s*(\d{2,5})\b",
        r"\b(?:listen\w*|expos\w*|bind\w*|serv\w+|available|reachable) (?:on|at|to) (?:port )?:?(\d{2,5})\b",
        r"(?<!\w):(\d{4,5})\b",
        r"\bpuerto (\d+)|端口\s*(\d+)",
    )
    if m:
        found["port"] = int(next(g for g in m.groups() if g))
    m = first(
        text, r"\btag(?:ged|s)?\s*(?:it|as|is|=|:|with|the image)?\s*(?:as\s+)?[`'\"]?([\w][\w.\-]*:?[\w.\-]*)[`'\"]?"
    )
    if m and m.group(1).casefold() not in ("the", "it", "as", "with", "and", "names", "name"):
        found["tag"] = m.group(1)
    return found


def version(text: str) -> int | None:
    """`v3`, `version 3`."""
    back = first(
        text,
        r"\b(?:back to|again to|to|restore|want|use|promote|make)\s+(?:v\.?\s?|version\s+)(\d+)\b",
        r"\bv\.?\s?(\d+)\s+(?:again|was|back)\b",
        r"\bback to (?:the )?(\d+)\b(?!\s*(?:%|pods|replicas|rows))",
    )
    m = back or first(
        text,
        r"\bv\.?\s?(\d+)\b",
        r"\b(?:version|versión|ver\.?|rev)\s*(?:no\.?|number|#)?\s*(\d+)\b",
        r"版本\s*(\d+)|第(\d+)版",
    )
    return int(next(g for g in m.groups() if g)) if m else None


def folds(text: str) -> int | None:
    m = first(
        text,
        r"(\d+)[- ]?(?:fold|folds|fache|pliegues|折)\b",
        r"(\d+)[- ]?fold",
        r"(\d+)\s*折",
        r"\bfolds?\s*[=:]?\s*(\d+)",
        r"\bcv\s*[=:]?\s*(\d+)",
    )
    return int(m.group(1)) if m else None


def test_size(text: str) -> float | None:
    """A hold-out as a fraction: `20% test`, `hold out 30%`, `80/20 split`."""
    m = first(
        text,
        rf"{NUMBER}\s*(?:%|percent)\s*(?:\w+ )?(?:test\w*|hold-?out|held|for testing|validation|aside|of the (?:rows|data))",
        rf"(?:hold(?:ing)? out|hold-?out|keep|leave|reserve|set aside|test(?:[_ ]size)?|validat\w+ on)\s*(?:of|=|:|set of)?\s*{NUMBER}\s*(?:%|percent)",
    )
    if m:
        return float(m.group(1).replace(",", ".")) / 100
    m = first(text, r"\b(\d{2})\s*[/:-]\s*(\d{2})\b(?: split)?")
    if m and int(m.group(1)) + int(m.group(2)) == 100:
        return min(int(m.group(1)), int(m.group(2))) / 100
    m = first(text, rf"\btest[_ ]?size\s*(?:of|=|:)?\s*{NUMBER}")
    return float(m.group(1).replace(",", ".")) if m else None


def count(text: str) -> int | None:
    """How many: `top 10`, `5 components`, `3 sample predictions`, `20 trials`."""
    things = r"(?:favou?rites?|[a-z]{3,}iest|commonest|rarest|most|largest|highest|biggest|lowest|smallest|top|best|worst|first|last|rows?|records?|lines?|entries|samples?|examples?|principal|components?|comps?|pcs|axes|dimensions?|dims|trials?|features?|columns|ideas|candidates|predictions?|values|random|neighbou?rs|clusters|häufigsten|más|plus|premières|primeras|ersten|个|条|行)"
    m = first(
        text,
        r"\b(?:top|first|last|head|bottom|sample(?: of)?|random|primeros|primeras|premiers|premières|ersten|前)\s*(\d+)\b",
        rf"\b(\d+)\s*(?:\w+\s){{0,2}}{things}",
        r"\bles (\d+)\s+\S+ (?:les )?plus\b",
        r"\blos (\d+)\s+\S+ más\b",
        r"\b(?:which|what) (\d+) \w+(?: \w+)? (?:are|is|have|has|were|had|come|occur)\b.{0,30}\b(?:most|least|highest|lowest|largest|smallest|best|worst)\b",
        r"\bn\s*=\s*(\d+)",
        r"\b(\d+)\s*-?\s*d(?:im\w*)?\b",
        r"前\s*(\d+)",
        r"(\d+)\s*个?主成分",
        r"\b(?:to|into|down to|onto)\s+(\d+)\s*(?:d|dims?|dimensions)?\b(?!\s*(?:%|percent|replica|pod))",
    )
    return int(m.group(1)) if m else None


def keywords(text: str) -> list[str]:
    """A list of words after a colon, `such as`, in brackets or quotes."""
    m = first(
        text,
        r"\(([^()]+,[^()]+)\)",
        r"\bmentions? of\s+(.+?)\s+(?:in|into|from|within|of|as|show|turn|get|become)\b",
        r"[:(]\s*([^:()]+?)\)?\s*$",
        r"\b(?:keywords?|words|terms|like|such as|e\.g\.|namely|based on|using|with|containing|for|of|mentions?(?: of)?|from)\s+((?:[\"'`]?[\w-]+[\"'`]?(?:\s*,\s*|\s+(?:and|or|und|y|o|et|ou)\s+|\s*,\s*(?:and|or)\s+))+[\"'`]?[\w-]+[\"'`]?)",
    )
    if not m:
        return re.findall(r"[\"'`]([^\"'`]+)[\"'`]", text)
    parts = re.split(r"\s*,\s*(?:and |or )?|\s+(?:and|or|und|y|o|et|ou)\s+|\s*、\s*|\s*;\s*", m.group(1))
    return [p.strip(" .\"'`") for p in parts if p.strip(" .\"'`")]


def llm(text: str) -> str | None:
    """The name of a language model."""
    m = first(
        text,
        r"\b((?:openai:)?(?:gpt|llama|claude|mistral|mixtral|gemini|gemma|qwen|deepseek|phi|command-r|sonnet|opus|haiku|o[134])[\w.:\-]*(?: ?\d[\w.]*)?)\b",
        r"\b(ollama|openai|offline)\b",
        r"\b(?:language model|llm|model|planner)\s+(?:to|=|:|be|is)\s+([\w.:/\-]+)",
    )
    return m.group(1).strip().rstrip(".,") if m else None
