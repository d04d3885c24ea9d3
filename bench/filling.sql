-- Merchants, connections, causes, syncs and days as the product itself would have written them, by whole sets.
-- A dice is thrown by number and purpose, so that a database of the same size is always the same one.
CREATE FUNCTION bench_dice(number bigint, purpose int) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT (hashint8extended(number, purpose) & 2147483647) / 2147483648.0::float8 $$;
CREATE FUNCTION bench_uuid(number bigint, purpose int) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT md5(number || '-' || purpose)::uuid $$;
CREATE FUNCTION bench_pick(words text[], dice float8) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT words[1 + floor(dice * cardinality(words))::int] $$;

INSERT INTO syncs_cause (id, code, message, sample, first_seen)
SELECT number, code, lower(sample), sample, now() - interval '300 days'
FROM (
    SELECT number,
        (ARRAY[5130, 5000, 5120, 4200, 4000, 5080, 4040, 4220, 4260])[1 + number %% 9] AS code,
        bench_pick(ARRAY['Account', 'Tax rate', 'Customer', 'Item', 'Ledger', 'Period'], bench_dice(number, 1))
            || ' of kind ' || chr(97 + number %% 26) || chr(97 + number / 26 %% 26) || chr(97 + number / 676 %% 26) || ' '
            || bench_pick(ARRAY['is archived', 'is not active', 'was not found', 'is locked', 'is over its limit'],
                          bench_dice(number, 2)) AS sample
    FROM generate_series(1, 2000) AS number
) AS causes;

-- `quiet`: for so many days, up to today, no run has succeeded. `newest`: the day of its newest run.
CREATE TABLE bench_shop AS
SELECT *,
    (now() AT TIME ZONE zone)::date
        - ((((now() AT TIME ZONE zone)::date + hour * interval '1 hour' + interval '4 hours') AT TIME ZONE zone) > now())::int
        AS newest,
    CASE
        WHEN health IN ('healthy', 'unseen', 'never_synced') THEN 0
        WHEN health = 'switched_off' THEN 31
        ELSE 1 + floor(29 * bench_dice(number, 6) ^ 2)::int
    END AS quiet,
    CASE
        WHEN health = 'needs_reconnect' THEN 9 * floor(220 * bench_dice(number, 7) ^ 3)::int + 6 + number %% 3
        ELSE 9 * floor(220 * bench_dice(number, 7) ^ 3)::int + 9 + number %% 6
    END AS cause
FROM (
    SELECT number,
        CASE
            WHEN fate < 0.005 THEN 'unseen' WHEN fate < 0.020 THEN 'never_synced'
            WHEN fate < 0.045 THEN 'switched_off' WHEN fate < 0.065 THEN 'needs_reconnect'
            WHEN fate < 0.110 THEN 'failing' ELSE 'healthy'
        END AS health,
        fate > 0.995 AS archived,
        fate BETWEEN 0.5 AND 0.504 AS running,
        CASE
            WHEN bench_dice(number, 3) < 0.5 THEN 'Europe/London'
            ELSE bench_pick(ARRAY['America/New_York', 'America/Chicago', 'America/Los_Angeles', 'Europe/Berlin',
                                  'Europe/Paris', 'Australia/Sydney', 'Pacific/Auckland', 'Asia/Singapore', 'UTC'],
                            bench_dice(number, 4))
        END AS zone,
        CASE WHEN bench_dice(number, 5) < 0.7 THEN 0 ELSE number %% 6 END AS hour
    FROM (SELECT number, bench_dice(number, 0) AS fate FROM generate_series(1, %(merchants)s) AS number) AS fates
) AS shops;
ALTER TABLE bench_shop ADD PRIMARY KEY (number);

INSERT INTO syncs_merchant (
    id, company_id, name, name_folded, codat_name, tags, link_url, time_zone, sync_hour, start_date, enabled, configured_at,
    registered_at, archived_at, archived_why, health, last_message, silent_since, failed_days, last_days, refresh_problem,
    refreshed_at, next_refresh_at, next_refresh_reason, usual_delay_mean, usual_delay_spread, thinned_windows, on_it, version
)
SELECT number, bench_uuid(number, 1), name, replace(lower(name), 'é', 'e'), name, '{}', 'https://link.example.com/company/' || bench_uuid(number, 1),
    zone, hour, newest - 200, health <> 'switched_off', now() - bench_dice(number, 8) * interval '1 day',
    now() - (3 + 300 * bench_dice(number, 9)) * interval '1 day',
    CASE WHEN archived THEN now() - interval '20 days' END, CASE WHEN archived THEN 'Left us' ELSE '' END,
    health, '', now() - (3 + 300 * bench_dice(number, 9)) * interval '1 day', 0, '', '',
    CASE WHEN health <> 'unseen' THEN now() - bench_dice(number, 10) * interval '8 hours' END,
    CASE WHEN NOT archived THEN now() + bench_dice(number, 11) * interval '8 hours' END,
    CASE WHEN archived THEN '' ELSE 'asked again at 02:40: its syncs usually end 02:10-02:50' END,
    9000 + 3600 * bench_dice(number, 12), 600 + 900 * bench_dice(number, 13), '[]', '', 30
FROM (
    SELECT *,
        bench_pick(ARRAY['Harbour', 'Tidewater', 'Juniper', 'Copper', 'Maple', 'Granite', 'Willow', 'Ember', 'Saffron',
            'Northern', 'Old Mill', 'Corner', 'Velvet', 'Bright', 'Little', 'Golden', 'Silver', 'Urban', 'Rustic', 'Café'],
            bench_dice(number, 14)) || ' '
        || bench_pick(ARRAY['Coffee', 'Bakery', 'Bikes', 'Books', 'Garden', 'Kitchen', 'Records', 'Outfitters', 'Toys',
            'Pharmacy', 'Grocers', 'Brewing', 'Ceramics', 'Interiors', 'Florists', 'Leather', 'Optics', 'Tea'],
            bench_dice(number, 15)) || ' '
        || initcap(substr(translate(md5(number::text), '0123456789', 'ghijklmnop'), 1, 5)) || ' '
        || bench_pick(ARRAY['Ltd', 'GmbH', 'Inc', '& Sons', 'Co', 'Pty'], bench_dice(number, 16)) AS name
    FROM bench_shop
) AS named;

INSERT INTO syncs_connection (merchant_id, codat_id, side, platform_key, platform_name, status, link_url, errors, seen_at)
SELECT number, bench_uuid(number, 20 + side), CASE side WHEN 0 THEN 'commerce' ELSE 'accounting' END, 'abcd',
    CASE
        WHEN side = 0 AND bench_dice(number, 17) < 0.0005 THEN 'Lightspeed'
        WHEN side = 0 THEN bench_pick(ARRAY['Shopify', 'Shopify', 'Shopify', 'Square', 'Square', 'WooCommerce', 'Amazon',
                                            'Zettle', 'Clover', 'Toast', 'SumUp'], bench_dice(number, 18))
        ELSE bench_pick(ARRAY['Xero', 'Xero', 'Xero', 'QuickBooks Online', 'QuickBooks Online', 'Sage', 'FreeAgent',
                              'NetSuite'], bench_dice(number, 19))
    END,
    CASE WHEN health = 'needs_reconnect' AND side = 1 THEN 'Deauthorized'
         WHEN health = 'never_synced' AND side = 1 THEN 'PendingAuth' ELSE 'Linked' END,
    'https://link.example.com/connection/' || number, '[]', now() - bench_dice(number, 20) * interval '1 hour'
FROM bench_shop CROSS JOIN generate_series(0, 1) AS side;

-- Night by night, as they came.
INSERT INTO syncs_sync (
    merchant_id, sync_id, commerce_sync_id, code, text, message, outcome, cause_id, data_pushed, started_at,
    window_start, window_finish, window_known, initiator, first_seen, final_seen, raw
)
SELECT number, sync_id, commerce_sync_id, code, word, message, outcome, cause_id, outcome = 'synced', began,
    CASE WHEN outcome <> 'running' THEN (newest - ago - 1)::timestamp AT TIME ZONE zone END,
    CASE WHEN outcome <> 'running' THEN (newest - ago)::timestamp AT TIME ZONE zone END,
    CASE WHEN outcome <> 'running' THEN 'inferred' ELSE '' END,
    CASE WHEN dice > 0.997 THEN 'ours' WHEN outcome = 'running' THEN 'unknown' ELSE 'schedule' END,
    began + interval '2 minutes', CASE WHEN outcome <> 'running' THEN began + interval '4 minutes' END,
    jsonb_build_object('companyId', company, 'syncId', sync_id, 'commerceSyncId', commerce_sync_id, 'syncStatusCode', code,
        'syncStatus', word, 'errorMessage', message, 'syncExceptionMessage', '', 'syncUtc', began,
        'dataPushed', outcome = 'synced')
FROM (
    SELECT runs.*, bench_uuid(number, 1)::text AS company, cause.id AS cause_id,
        bench_uuid(key, 2)::text AS sync_id, bench_uuid(key, 3)::text AS commerce_sync_id,
        CASE outcome WHEN 'synced' THEN 2000 WHEN 'empty' THEN 2040 WHEN 'running' THEN 1000 + 10 * (number %% 2)::int
            ELSE cause.code END AS code,
        CASE outcome WHEN 'synced' THEN 'Complete' WHEN 'empty' THEN 'NoData' WHEN 'running' THEN 'InProgress'
            ELSE 'Error' END AS word,
        coalesce(cause.sample, '') AS message
    FROM (
        SELECT bench_shop.*, ago, number * 10000 + ago AS key, bench_dice(number * 10000 + ago, 1) AS dice,
            ((newest - ago)::timestamp + hour * interval '1 hour' + (2 + 2 * bench_dice(number * 10000 + ago, 2)) * interval '1 hour')
                AT TIME ZONE zone AS began,
            CASE
                WHEN ago = 0 AND running THEN 'running' WHEN ago < quiet THEN 'failed'
                WHEN bench_dice(number * 10000 + ago, 1) < 0.012 THEN 'failed'
                WHEN bench_dice(number * 10000 + ago, 1) < 0.12 THEN 'empty' ELSE 'synced'
            END AS outcome
        FROM generate_series(%(nights)s - 1, 0, -1) AS ago CROSS JOIN bench_shop
        WHERE health NOT IN ('unseen', 'never_synced')
    ) AS runs
    LEFT JOIN syncs_cause AS cause ON outcome = 'failed' AND cause.id = runs.cause
) AS told;
