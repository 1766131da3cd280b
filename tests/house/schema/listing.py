"""Triggers, policies, grants and functions of a database as sorted lines. Refuses to read rows of a table."""

from psycopg2.extensions import connection as Connection

# What the owner may do to its own is not listed: it may do everything.
QUESTIONS = (
    """
    SELECT format('column %s.%s %s%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
                  CASE WHEN a.attnotnull THEN ' not null' ELSE '' END)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND a.attnum > 0 AND NOT a.attisdropped
    """,
    """
    SELECT format('trigger %s %s: %s', t.tgenabled, t.tgname, pg_get_triggerdef(t.oid))
    FROM pg_trigger t WHERE NOT t.tgisinternal
    """,
    """
    SELECT format('policy %s on %s for %s to %s using (%s) with check (%s)', policyname, tablename, cmd,
                  array_to_string(roles, ', '), qual, with_check)
    FROM pg_policies WHERE schemaname = 'public'
    """,
    """
    SELECT format('security %s %s', relname,
                  CASE WHEN relforcerowsecurity THEN 'forced' ELSE 'not forced' END)
    FROM pg_class WHERE relrowsecurity AND relnamespace = 'public'::regnamespace
    """,
    """
    SELECT format('grant %s on %s %s to %s', string_agg(g.privilege_type, ', ' ORDER BY g.privilege_type),
                  CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END, c.relname,
                  CASE g.grantee WHEN 0 THEN 'public' ELSE g.grantee::regrole::text END)
    FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) g
    WHERE c.relnamespace = 'public'::regnamespace AND g.grantee <> c.relowner
    GROUP BY c.relkind, c.relname, g.grantee
    """,
    """
    SELECT format('grant %s (%s) on table %s to %s', g.privilege_type,
                  string_agg(a.attname, ', ' ORDER BY a.attname), c.relname, g.grantee::regrole)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid CROSS JOIN LATERAL aclexplode(a.attacl) g
    WHERE c.relnamespace = 'public'::regnamespace AND g.grantee <> c.relowner
    GROUP BY g.privilege_type, c.relname, g.grantee
    """,
    """
    SELECT format('function %s(%s)%s, executed by %s', p.proname, pg_get_function_identity_arguments(p.oid),
                  CASE WHEN p.prosecdef THEN ' as its owner' ELSE '' END,
                  COALESCE((SELECT string_agg(CASE g.grantee WHEN 0 THEN 'everybody'
                                                  ELSE g.grantee::regrole::text END,
                                              ', ' ORDER BY g.grantee::regrole::text)
                            FROM aclexplode(p.proacl) g WHERE g.grantee <> p.proowner),
                           CASE WHEN p.proacl IS NULL THEN 'everybody' ELSE 'nobody else' END))
    FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
    """,
)


def listed(connection: Connection) -> list[str]:
    """List what the database enforces, sorted, and the columns of all tables but partitions."""
    lines: list[str] = []
    with connection.cursor() as cursor:
        for question in QUESTIONS:
            cursor.execute(question)
            lines.extend(" ".join(line.split()) for (line,) in cursor.fetchall())
    return sorted(lines)
