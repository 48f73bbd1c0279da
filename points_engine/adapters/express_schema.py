"""The express charge of PostgreSQL: one statement that carries out all plain charges that wait. A migration of its own.

`charge_plainly` is given charges and the numbers of the scheme, and decides by a condition that is enough, and not
needed, for a charge to go through at once: an enrolled taker, a live code, a member who is not frozen, enough balance,
within the PIN-free limit and all limits of the day, nothing due to expire, and no payment under that order yet. What
meets it is paid; about all else nothing is said and nothing is changed, whatever the reason: the engine's own rules
decide those. What it writes is what those rules would have written.

All is locked before it is looked at, accounts in the order of their ids as everybody does, and what was locked is then
read anew: a function's second statement sees what was committed before it. Charges of one account, or of one code, in
the same call are all left to the rules; of several with one order one at most is paid.
"""
# ruff: noqa: S608 -- the text is put together of this file's own parts; values are always parameters

from points_engine.adapters.schema_words import Dialect, Only, Part

_PLAIN = """
    plain AS MATERIALIZED (
        SELECT c.*, t.id AS till, s.id AS clearing, a.id AS account, m.name AS member_name, a.next_expiry_us,
            a.balance_units - c.units AS left_units, u.*
        FROM json_to_recordset(charges) AS c (
            place integer, order_id text, taker_id text, channel text, cashier text, code_key bigint, asset text,
            units bigint, reference text
        )
        JOIN json_to_recordset(rules) AS r (
            asset text, pin_free_units bigint, pin_free_ceiling_units bigint, pin_free_daily_count bigint,
            pin_free_daily_units bigint, daily_count bigint, daily_units bigint
        ) ON r.asset = c.asset
        JOIN till t ON t.till_id = c.taker_id AND t.channel = c.channel
        JOIN account s ON s.owner = t.shop AND s.asset = c.asset AND s.kind = 'clearing'
        JOIN payment_code k ON k.code_key = c.code_key
        JOIN member m ON m.id = k.member
        JOIN account a ON a.owner = m.id AND a.asset = c.asset AND a.kind = 'customer'
        CROSS JOIN LATERAL (
            SELECT
                CASE WHEN a.use_day = today THEN a.pin_free_count ELSE 0 END + 1 AS pin_free_count,
                CASE WHEN a.use_day = today THEN a.pin_free_units ELSE 0 END + c.units AS pin_free_units,
                CASE WHEN a.use_day = today THEN a.paid_count ELSE 0 END + 1 AS paid_count,
                CASE WHEN a.use_day = today THEN a.paid_units ELSE 0 END + c.units AS paid_units
        ) u
        WHERE k.code_key = ANY (codes) AND a.id = ANY (accounts)
            AND k.state = 'live' AND k.expires_at_us > now_us
            AND m.is_frozen = 0
            AND (a.next_expiry_us IS NULL OR a.next_expiry_us > now_us)
            AND a.balance_units >= c.units
            AND c.units <= least(coalesce(a.pin_free_limit_units, r.pin_free_units), r.pin_free_ceiling_units)
            AND a.use_day <= today
            AND u.pin_free_count <= r.pin_free_daily_count AND u.pin_free_units <= r.pin_free_daily_units
            AND u.paid_count <= r.daily_count AND u.paid_units <= r.daily_units
    ), fresh AS (
        INSERT INTO payment (
            order_id, till, cashier, code_key, asset, units, account, clearing, state, balance_units, pin_free_day,
            opened_at_us, at_us, paid_day, reference
        )
        SELECT order_id, till, cashier, code_key, asset, units, account, clearing, 'succeeded', left_units, today,
            now_us, now_us, today, nullif(reference, '')
        FROM plain
        ORDER BY order_id
        ON CONFLICT (order_id) DO NOTHING
        RETURNING payment.id, payment.account
    ), paid AS MATERIALIZED (
        SELECT p.*, f.id AS payment FROM fresh f JOIN plain p ON p.account = f.account
    ), burned AS (
        UPDATE payment_code k SET state = 'used' FROM paid p WHERE k.code_key = p.code_key
    ), moved AS (
        INSERT INTO transfer (kind, debit, credit, units, balance_units, payment, at_us)
        SELECT 'charge', account, clearing, units, left_units, payment, now_us FROM paid ORDER BY payment
    )
"""
_KEPT = """
    kept AS (
        UPDATE account a
        SET balance_units = p.left_units, overdraft_units = 0, use_day = today, pin_free_count = p.pin_free_count,
            pin_free_units = p.pin_free_units, paid_count = p.paid_count, paid_units = p.paid_units{also}
        FROM paid p WHERE a.id = p.account
    )
"""
_PAID = "SELECT place, account, left_units, member_name FROM paid"

# The oldest expiry first, and what never expires last.
_LOTS = """
    live_lot AS MATERIALIZED (
        SELECT p.account, p.payment, l.id AS lot, l.expires_at_us, l.left_units,
            least(l.left_units, greatest(p.units - coalesce(sum(l.left_units) OVER older, 0), 0))::bigint AS part
        FROM paid p JOIN lot l ON l.account = p.account AND l.left_units > 0
        WHERE p.next_expiry_us IS NOT NULL
        WINDOW older AS (
            PARTITION BY p.account ORDER BY l.expires_at_us, l.id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        )
    ), lowered AS (
        UPDATE lot l SET left_units = l.left_units - v.part FROM live_lot v WHERE l.id = v.lot AND v.part > 0
    ), used AS (
        INSERT INTO lot_use (payment, account, lot, units)
        SELECT payment, account, lot, units
        FROM (
            SELECT payment, account, lot, part AS units, expires_at_us FROM live_lot WHERE part > 0
            UNION ALL
            SELECT p.payment, p.account, NULL, p.units - sum(v.part)::bigint, NULL
            FROM paid p JOIN live_lot v ON v.payment = p.payment
            GROUP BY p.payment, p.account, p.units HAVING p.units > sum(v.part)
        ) taken
        ORDER BY payment, expires_at_us NULLS LAST, lot
    )
"""
_NEXT_EXPIRY = """,
            next_expiry_us = (
                SELECT min(v.expires_at_us) FROM live_lot v WHERE v.account = p.account AND v.left_units > v.part
            )"""

# What a plan is made of is said here, since a plan is kept: made while the tables are small it would read all of them.
# An account that a stopped node has locked keeps the others waiting for so long at most.
CHARGE_PLAINLY = f"""
    CREATE FUNCTION charge_plainly(charges json, rules json, now_us bigint, today bigint)
    RETURNS TABLE (place integer, account bigint, balance_units bigint, member_name text)
    LANGUAGE plpgsql
    SET plan_cache_mode = force_generic_plan
    SET enable_seqscan = off
    SET enable_hashjoin = off
    SET enable_mergejoin = off
    SET jit = off
    SET lock_timeout = '5s'
    AS $$
    #variable_conflict use_column
    DECLARE
        accounts bigint[];
        codes bigint[];
        has_lots boolean;
        has_doubles boolean;
    BEGIN
        SELECT array_agg(l.account), array_agg(l.code_key), bool_or(l.next_expiry_us IS NOT NULL),
            count(DISTINCT l.account) < count(*) OR count(DISTINCT l.code_key) < count(*)
        INTO accounts, codes, has_lots, has_doubles
        FROM (
            SELECT a.id AS account, k.code_key, a.next_expiry_us
            FROM json_to_recordset(charges) AS c (code_key bigint, asset text)
            JOIN payment_code k ON k.code_key = c.code_key
            JOIN account a ON a.owner = k.member AND a.asset = c.asset AND a.kind = 'customer'
            ORDER BY a.id
            FOR NO KEY UPDATE OF a, k
        ) l;
        IF accounts IS NULL THEN
            RETURN;
        END IF;
        IF has_doubles THEN
            SELECT array_agg(d.code_key) INTO codes
            FROM (
                SELECT p.code_key, count(*) OVER (PARTITION BY p.account) AS of_account,
                    count(*) OVER (PARTITION BY p.code_key) AS of_code
                FROM unnest(accounts, codes) AS p (account, code_key)
            ) d
            WHERE d.of_account = 1 AND d.of_code = 1;
        END IF;
        IF has_lots THEN
            RETURN QUERY WITH {_PLAIN}, {_LOTS}, {_KEPT.format(also=_NEXT_EXPIRY)} {_PAID};
        ELSE
            RETURN QUERY WITH {_PLAIN}, {_KEPT.format(also="")} {_PAID};
        END IF;
    END $$
"""

EXPRESS: tuple[Part, ...] = (Only(Dialect.POSTGRES, (CHARGE_PLAINLY,)),)
