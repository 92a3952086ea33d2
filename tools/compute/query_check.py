"""Let one read-only SELECT over the opened tables pass, and nothing else."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from opsmith.tools.contract import ToolError

if TYPE_CHECKING:
    from sqlglot import exp

# functions that the parser knows by type are figures over values, but for these
_CLOSED_KINDS = (
    "ReadCSV",
    "ReadParquet",
    "GenerateSeries",
    "ExplodingGenerateSeries",
    "CurrentUser",
    "CurrentSchema",
    "CurrentCatalog",
    "SessionUser",
    "CurrentDatabase",
    "GenerateEmbedding",
    "Seq1",
    "Seq2",
    "Seq4",
    "Seq8",
)
_OPEN = frozenset(
    """abs acos age any_value approx_count_distinct approx_quantile arg_max arg_min array_agg array_length array_sort asin atan atan2 avg bar bit_count bool_and bool_or cbrt ceil ceiling century
    chr coalesce concat concat_ws contains corr cos cot count count_if countif covar_pop covar_samp cume_dist damerau_levenshtein date_diff date_part date_sub date_trunc datediff datepart datetrunc day dayname
    dayofmonth dayofweek dayofyear decade degrees dense_rank difference ends_with entropy epoch epoch_ms era even exp extract favg first first_value floor format fsum gamma geomean geometric_mean
    greatest hamming hash histogram hour if ifnull initcap instr isfinite isinf isnan isodow isoyear jaccard jaro_similarity jaro_winkler_similarity julian kahan_sum kurtosis kurtosis_pop lag last last_day last_value lcase lead
    least left len length levenshtein lgamma list list_aggregate list_avg list_contains list_max list_min list_sort list_sum listagg ln log log10 log2 lower lpad ltrim mad make_date make_timestamp max max_by md5
    mean median microsecond millennium millisecond min min_by minute mod mode month monthname nth_value ntile nullif nvl ord percent_rank percentile_cont percentile_disc pi position pow power prefix product
    quantile quantile_cont quantile_disc quarter radians rank regexp_extract regexp_full_match regexp_matches regexp_replace regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy
    regr_syy replace reverse right round round_even row_number rpad rtrim second sem sign sin skewness split_part sqrt starts_with stddev stddev_pop stddev_samp str_split strftime string_agg string_split strip_accents strlen strpos
    strptime substr substring suffix sum sumkahan tan timezone to_days to_hours to_minutes to_months to_seconds to_timestamp to_years translate trim trunc try_cast try_strptime typeof ucase unicode unnest upper var_pop var_samp
    variance week weekday weekofyear year yearweek""".split()
)


def checked(sql: str, limit: int, tables: Sequence[str] = ("data",)) -> str:
    """The SQL as it may run, wrapped in a row limit; ToolError when it is not one SELECT over these tables alone.

    What runs is written anew from the checked tree, so nothing hides in comments or odd spellings.
    """
    import sqlglot

    if len(sql) > 20_000:
        raise ToolError("That SQL is longer than 20,000 characters. Ask for less at once.")
    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns on the screen of what is refused below anyway
    try:
        statements = [s for s in sqlglot.parse(sql, read="duckdb") if s is not None]
        return _checked(statements, limit, tables)
    except (sqlglot.errors.SqlglotError, RecursionError) as error:
        told = str(error).splitlines()[0][:160] if not isinstance(error, RecursionError) else "it is nested too deeply"
        raise ToolError(f"That SQL cannot be parsed: {told}") from None


def _checked(statements: list[exp.Expr], limit: int, tables: Sequence[str]) -> str:
    from sqlglot import exp

    if len(statements) != 1 or not isinstance(statements[0], (exp.Select, exp.SetOperation)):
        raise ToolError(f"Only one SELECT can be run here, over {_listed(tables)}.")
    tree = statements[0]
    for node in tree.find_all(
        exp.DML,
        exp.DDL,
        exp.Command,
        exp.Into,
        exp.Lock,
        exp.Parameter,
        exp.Placeholder,
        exp.SessionParameter,
        exp.Fetch,
    ):
        if not isinstance(node, (exp.Select, exp.SetOperation, exp.Subquery, exp.Fetch, exp.Query)):
            raise ToolError(f"Only reading is possible here, not {type(node).__name__.lower()}.")
    _only_tables(tree, tables)
    _only_functions(tree)
    return f"SELECT * FROM ({tree.sql(dialect='duckdb', comments=False)}) AS answer LIMIT {int(limit)}"


def _only_tables(tree: exp.Expr, tables: Sequence[str]) -> None:
    from sqlglot import exp

    allowed = {t.lower() for t in tables} | {c.alias_or_name.lower() for c in tree.find_all(exp.CTE)}
    for source in tree.find_all(exp.Table):
        plain = isinstance(source.this, exp.Identifier) and not source.args.get("db") and not source.args.get("catalog")
        if not plain or source.name.lower() not in allowed:
            raise ToolError(f"The SQL may read {_listed(tables)} only; files, functions and other tables are closed.")


def _only_functions(tree: exp.Expr) -> None:
    from sqlglot import exp

    for call in tree.find_all(exp.Func):
        if isinstance(call, (exp.Anonymous, exp.AnonymousAggFunc)):
            name = str(call.this if isinstance(call.this, str) else call.name).lower()
            fine = name in _OPEN
        else:
            name = type(call).__name__
            fine = name not in _CLOSED_KINDS and not name.startswith(("Read", "Parse", "Load", "AI", "ML"))
        if not fine:
            raise ToolError(
                f"The function {name} is closed here; only figures over the opened tables can be asked for."
            )


def _listed(tables: Sequence[str]) -> str:
    return f"the table called {tables[0]}" if len(tables) == 1 else f"the tables {', '.join(tables)}"
