"""The migrated schema as text, from the catalog: the same on every PostgreSQL from 15 on, unlike pg_dump's."""

from __future__ import annotations

import psycopg

_HEAD = """-- The schema as the migrations leave it. Written by `make schema`, to be read and compared; never executed.
"""

_DOMAINS = """
select t.typname::text, format_type(t.typbasetype, t.typtypmod), pg_get_constraintdef(k.oid), obj_description(t.oid, 'pg_type')
from pg_type t join pg_constraint k on k.contypid = t.oid and k.contype = 'c'
where t.typnamespace = 'tracker'::regnamespace order by t.typname, k.conname
"""
_TABLES = """
select c.oid, c.relname::text, obj_description(c.oid, 'pg_class'),
       coalesce(array_to_string(c.reloptions, ', '), '')
from pg_class c where c.relnamespace = 'tracker'::regnamespace and c.relkind = 'r' order by c.relname
"""
_COLUMNS = """
select a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity::text, a.attgenerated::text,
       pg_get_expr(d.adbin, d.adrelid), col_description(a.attrelid, a.attnum),
       case a.attstorage when t.typstorage then '' else a.attstorage::text end
from pg_attribute a join pg_type t on t.oid = a.atttypid
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attrelid = %s and a.attnum > 0 and not a.attisdropped order by a.attnum
"""
_CONSTRAINTS = """
select conname::text, pg_get_constraintdef(oid), obj_description(oid, 'pg_constraint')
from pg_constraint where conrelid = %s and contype <> 'n'
order by array_position('{p,u,f,c}'::"char"[], contype), conname
"""
_INDEXES = """
select c.relname::text, pg_get_indexdef(i.indexrelid), obj_description(i.indexrelid, 'pg_class')
from pg_index i join pg_class c on c.oid = i.indexrelid
where i.indrelid = %s
  and not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u'))
order by c.relname
"""
_FUNCTIONS = """
select p.oid::regprocedure::text, p.proname::text, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid),
       case p.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end
from pg_proc p where p.pronamespace = %s::regnamespace order by p.proname
"""


def render(connection: psycopg.Connection, schema: str) -> str:
    """The tables of `tracker` and the functions of this version.

    Args:
        schema: of the functions; its name, a hash, is left out.
    """
    parts = [_HEAD]
    for name, base, definition, comment in _rows(connection, _DOMAINS):
        parts.append(f"\ndomain {name} as {base} {definition}{_said(comment)}")
    parts.append("\n")
    for oid, name, comment, options in _rows(connection, _TABLES):
        parts.append(_table(connection, oid, name, comment, options))
    for title, where in (("tracker", "tracker"), ("this version", schema)):
        parts.append(f"\n-- Functions of {title}\n")
        for _, name, arguments, result, volatility in _rows(connection, _FUNCTIONS, where):
            arguments = arguments.replace(f"{schema}.", "")
            parts.append(f"{name}({arguments}) returns {result.replace(f'{schema}.', '')} {volatility}\n")
    return "".join(parts)


def _table(connection: psycopg.Connection, oid: int, name: str, comment: str | None, options: str) -> str:
    lines = [f"\ntable {name}{f' with ({options})' if options else ''}{_said(comment)}"]
    for column, kind, not_null, identity, generated, default, said, storage in _rows(connection, _COLUMNS, oid):
        words = [f"    {column} {kind}"]
        words += ["not null"] if not_null else []
        words += ["identity"] if identity else []
        words += [f"generated as ({default})"] if generated else [f"default {default}"] if default else []
        words += [f"storage {storage}"] if storage else []
        lines.append(" ".join(words) + _said(said))
    for constraint, definition, said in _rows(connection, _CONSTRAINTS, oid):
        lines.append(f"    constraint {constraint} {definition}{_said(said)}")
    for _, definition, said in _rows(connection, _INDEXES, oid):
        lines.append(f"    {definition}{_said(said)}")
    return "\n".join(lines) + "\n"


def _said(comment: str | None) -> str:
    return f"  -- {' '.join(comment.split())}" if comment else ""


def _rows(connection: psycopg.Connection, query: str, *parameters: object) -> list[tuple]:
    with connection.cursor(row_factory=psycopg.rows.tuple_row) as cursor:
        return cursor.execute(query.encode(), parameters or None).fetchall()
